/** @file A process that computes dense layers with so many threads, and with the instructions that TD_LANES allows; prints what it finds as JSON. */
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { errorOf, hashOf, LAYERS } from './dense-cases.ts';

const native = loadNative({ threads: Number(process.argv[2]), device: 'cpu', deterministic: true });
const hashes: string[] = [];
const errors: number[] = [];
for (const layers of LAYERS) {
  hashes.push(await hashOf(layers, native));
  errors.push(await errorOf(layers, native));
}
process.stdout.write(JSON.stringify({ lanes: native.lanes, hashes, errors }));
