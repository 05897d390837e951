/** @file A process that updates parameters with so many threads, and with the instructions that TD_LANES allows; prints what it finds as JSON. */
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { largestError } from '../../support/own-kernels.ts';
import { computePlainly, DESCENTS, hashOf, runNatively } from './update-cases.ts';

const native = loadNative({ threads: Number(process.argv[2]), device: 'cpu', deterministic: true });
const hashes: string[] = [];
const errors: number[] = [];
for (const descents of DESCENTS) {
  hashes.push(await hashOf(descents, native));
  const { state } = await runNatively(descents, native);
  errors.push(largestError(computePlainly(descents).state, state));
}
process.stdout.write(JSON.stringify({ lanes: native.lanes, hashes, errors }));
