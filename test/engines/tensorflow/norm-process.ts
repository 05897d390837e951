/** @file A process that normalises images with so many threads, and with the instructions that TD_LANES allows; prints what it finds as JSON. */
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { errorOf, hashOf, IMAGES } from './norm-cases.ts';

const native = loadNative({ threads: Number(process.argv[2]), device: 'cpu', deterministic: true });
const hashes: string[] = [];
const errors: number[] = [];
for (const shape of IMAGES) {
  hashes.push(await hashOf(shape, native));
  errors.push(await errorOf(shape, native));
}
process.stdout.write(JSON.stringify({ lanes: native.lanes, hashes, errors }));
