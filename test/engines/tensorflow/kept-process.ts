/** @file A process that normalises images of bfloat16 with so many threads; prints hashes of what it computes as JSON. */
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { hashKept, IMAGES } from './norm-cases.ts';

const native = loadNative({ threads: Number(process.argv[2]), device: 'cpu', deterministic: true });
const hashes: string[] = [];
for (const shape of IMAGES) hashes.push(await hashKept(shape, native));
process.stdout.write(JSON.stringify(hashes));
