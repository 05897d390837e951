/** @file A process that computes passes over weights with so many threads, and with the instructions that TD_LANES allows; prints what it finds as JSON. */
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { computeNatively, drawArrays, hashOf, WEIGHTS } from './weight-cases.ts';

const native = loadNative({ threads: Number(process.argv[2]), device: 'cpu', deterministic: true });
const hashes: string[] = [];
const norms: number[] = [];
for (const weight of WEIGHTS) {
  hashes.push(await hashOf(weight, native));
  norms.push((await computeNatively(weight, drawArrays(weight), native)).norm);
}
process.stdout.write(JSON.stringify({ lanes: native.lanes, hashes, norms }));
