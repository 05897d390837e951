/** @file A process that computes convolutions without a margin with so many threads, and with the instructions that TD_LANES allows; prints what it finds as JSON. */
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { compareWindows, WINDOW_LAYERS, type WindowComparison } from './implicit-gemm-cases.ts';

const native = loadNative({ threads: Number(process.argv[2]), device: 'cpu', deterministic: true });
const comparisons: WindowComparison[] = [];
for (const layer of WINDOW_LAYERS) comparisons.push(await compareWindows(layer, native));
process.stdout.write(JSON.stringify({ lanes: native.lanes, comparisons }));
