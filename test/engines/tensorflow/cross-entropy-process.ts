/** @file A process that computes losses with so many threads, and with the instructions that TD_LANES allows; prints what it finds as JSON. */
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { largestError } from '../../support/own-kernels.ts';
import { classifyNatively, classifyPlainly, drawLogits, hashOf, LOGITS } from './cross-entropy-cases.ts';

const native = loadNative({ threads: Number(process.argv[2]), device: 'cpu', deterministic: true });
const hashes: string[] = [];
const errors: number[] = [];
for (const shape of LOGITS) {
  hashes.push(await hashOf(shape, native));
  const { losses, gradient } = classifyPlainly(shape, drawLogits(shape));
  errors.push(largestError({ losses, gradient }, { ...(await classifyNatively(shape, native)) }));
}
process.stdout.write(JSON.stringify({ lanes: native.lanes, hashes, errors }));
