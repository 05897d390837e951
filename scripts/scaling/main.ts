/** @file npm run bench:scaling: how the time of a training step grows with batch, threads, depth and width. */
import { cpus } from 'node:os';
import type { z } from 'zod';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { blankDataset } from '../../src/data/load.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import { median } from '../../src/median.ts';
import { timeTraining } from '../../src/runner/timing.ts';
import { printTable } from '../../src/terminal/output.ts';
import { formatInteger } from '../../src/terminal/words.ts';

type Settings = z.input<typeof runSettingsSchema>;

interface Point {
  readonly what: string;
  readonly filters?: readonly [number, ...number[]];
  readonly units?: number;
  readonly batch?: number;
  readonly threads?: number;
}

const LIMITS = { warmup: 2, repetitions: 12, seconds: 20 };
const NARROW = [16, 16, 32, 64] as const;
const cores = cpus().length;

/** Around a ResNet 16-16-32-64 of one unit a stage at batch 128, on all cores. */
const points: readonly Point[] = [
  ...[32, 64, 128, 256, 512].map((batch) => ({ what: `batch ${batch}`, batch })),
  ...[...new Set([1, 2, cores])]
    .filter((threads) => threads <= cores)
    .map((threads) => ({ what: `threads ${threads}`, threads })),
  ...[1, 2, 3, 5].map((units) => ({ what: `units ${units}`, units })),
  ...[1, 2, 4].map((factor) => ({ what: `width ${factor}`, filters: widened(factor) })),
];

function widened(factor: number): readonly [number, ...number[]] {
  const [first, ...stages] = NARROW;
  return [first, ...stages.map((filters) => filters * factor)];
}

const rows: string[][] = [];
for (const { what, filters = NARROW, units = 1, batch = 128, threads = cores } of points) {
  process.stderr.write(`${what}\n`);
  const input: Settings = {
    dataset: { name: 'cifar10', augmentation: 'crop-flip', normalization: 'standardize' },
    model: { name: 'resnet', filters: [...filters] as [number, ...number[]], units },
    schedule: { batchSize: batch, weightDecay: 5e-4, gradientClip: 1 },
  };
  const settings = runSettingsSchema.parse(input);
  const engine = await createOnnxEngine({ threads });
  const dataset = blankDataset(settings.dataset);
  const { steps, compileMilliseconds } = await timeTraining({ settings, seed: 0 }, dataset, engine, LIMITS);
  const step = median(steps.map((times) => times.milliseconds));
  rows.push([
    what,
    step.toFixed(1),
    formatInteger((1000 * batch) / step),
    `${(compileMilliseconds / 1000).toFixed(1)} s`,
  ]);
}
process.stdout.write(
  `ResNet ${NARROW.join('-')}, one unit a stage, batch 128, ${cores} threads, where no other is named\n\n`,
);
printTable(['', 'step, ms', 'images/s', 'compile'], rows);
