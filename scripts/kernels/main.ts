/** @file npm run bench:kernels: what single operations cost in onnxruntime, and the ways that were tried for them. */

import { blockSize } from '../../src/engines/onnx/block-size.ts';
import { printTable } from '../../src/terminal/output.ts';
import { convolutionCandidates, operandsOf } from './convolutions.ts';
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

/** The last stages of ResNets, and groups of VGG-16. */
const LAYERS = [
  { batch: 128, channels: 64, extent: 16 },
  { batch: 128, channels: 128, extent: 8 },
  { batch: 64, channels: 128, extent: 16 },
  { batch: 64, channels: 256, extent: 8 },
  { batch: 64, channels: 512, extent: 4 },
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

process.stdout.write('\n');
const convolutions: Readonly<Record<string, number>>[] = [];
for (const layer of LAYERS)
  convolutions.push(await timeCandidates(operandsOf(layer), convolutionCandidates(layer), ROUNDS));
printTable(
  [
    '3 × 3, images × channels, extent',
    ...LAYERS.map((layer) => `${layer.batch} × ${layer.channels}, ${layer.extent}²`),
  ],
  Object.keys(convolutions[0] ?? {}).map((name) => [
    name,
    ...convolutions.map((times) => times[name]?.toFixed(1) ?? ''),
  ]),
);
