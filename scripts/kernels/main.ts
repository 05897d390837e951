/** @file npm run bench:kernels: what single operations cost in onnxruntime, and the ways that were tried for them. */

import { blockSize } from '../../src/engines/onnx/block-size.ts';
import { printTable } from '../../src/terminal/output.ts';
import { elementwiseCandidates } from './elementwise.ts';
import { filterGradientCandidates } from './filter-gradients.ts';
import { timeCandidates } from './measure.ts';

const BATCH = 128;
const ROUNDS = 10;
/** Channels and extent of the images of a ResNet's stages. */
const STAGES = [
  [16, 32],
  [32, 32],
  [64, 16],
  [128, 8],
] as const;

if ((await blockSize()) !== 16) {
  process.stderr.write('these kernels take blocks of 16 channels, which this processor does not have\n');
  process.exit(1);
}
process.stdout.write(`processor time on one thread, ms, medians of ${ROUNDS}, batch ${BATCH}\n\n`);
const shape = [BATCH, 32, 32, 32];
const passes = await timeCandidates({ x: shape, y: shape }, elementwiseCandidates(shape), ROUNDS);
const passRows = Object.entries(passes).map(([name, time]) => [name, time.toFixed(1)]);
printTable(['images of 32 channels, 32 × 32', 'ms'], passRows);
process.stdout.write('\n');
const columns: Readonly<Record<string, number>>[] = [];
for (const [channels, extent] of STAGES) {
  const images = [BATCH, channels, extent, extent];
  const candidates = filterGradientCandidates({ batch: BATCH, channels, extent });
  columns.push(await timeCandidates({ x: images, dy: images }, candidates, ROUNDS));
}
const names = Object.keys(columns[0] ?? {});
const rows = names.map((name) => [name, ...columns.map((times) => times[name]?.toFixed(1) ?? '')]);
const heads = STAGES.map(([channels, extent]) => `${channels} ch, ${extent}²`);
printTable(['filter gradient, 3 × 3', ...heads], rows);
