/** @file A process that computes convolutions with so many threads, and with the instructions that TD_LANES allows; prints what it finds as JSON. */
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { type Comparison, compareLayer, LAYERS, NARROW_LAYERS } from './convolution-cases.ts';

const native = loadNative({ threads: Number(process.argv[2]), device: 'cpu', deterministic: true });
const comparisons: Comparison[] = [];
for (const layer of [...LAYERS, ...NARROW_LAYERS]) comparisons.push(await compareLayer(layer, native));
process.stdout.write(JSON.stringify({ lanes: native.lanes, comparisons }));
