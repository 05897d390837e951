/** @file npm run gpu-decisions: where a step on the graphics card differs from one on the processor, what decides otherwise. */
import type { z } from 'zod';
import { runSettingsSchema } from '../../src/config/schema.ts';
import type { ImageShape } from '../../src/data/types.ts';
import { loadTfjs } from '../../src/engines/load-tfjs.ts';
import { printTable } from '../../src/terminal/output.ts';

type Settings = z.input<typeof runSettingsSchema>;

const targeted = { name: 'targeted', granularity: 'weight' } as const;
const lenet = { name: 'lenet' } as const;
const resnet = { name: 'resnet', filters: [16, 16, 32], units: 1 } as const;

interface Case {
  readonly network: string;
  readonly imageShape: ImageShape;
  readonly settings: Pick<Settings, 'regularizer'> & { readonly model: unknown };
  readonly batchSizes: readonly number[];
}

const CASES: readonly Case[] = [
  {
    network: 'LeNet-300-100',
    imageShape: [28, 28, 1],
    settings: { model: { name: 'mlp' } },
    batchSizes: [128],
  },
  { network: 'LeNet-5', imageShape: [28, 28, 1], settings: { model: lenet }, batchSizes: [16, 64] },
  {
    network: 'LeNet-5, targeted dropout',
    imageShape: [28, 28, 1],
    settings: { model: lenet, regularizer: targeted },
    batchSizes: [16, 64],
  },
  {
    network: 'ResNet 16-16-32',
    imageShape: [32, 32, 3],
    settings: { model: resnet },
    batchSizes: [8, 32, 64],
  },
  {
    network: 'ResNet 16-16-32, targeted dropout',
    imageShape: [32, 32, 3],
    settings: { model: resnet, regularizer: targeted },
    batchSizes: [8, 32, 64],
  },
];

await loadTfjs();
const { compareDecisions } = await import('./measure.ts');
const rows: string[][] = [];
for (const { network, imageShape, settings, batchSizes } of CASES) {
  for (const batchSize of batchSizes) {
    const schedule = {
      optimizer: { name: 'momentum' },
      batchSize,
      learningRate: 0.1,
      weightDecay: 5e-4,
      gradientClip: 1,
    };
    const run = runSettingsSchema.parse({ ...settings, schedule });
    const found = await compareDecisions(run, imageShape, Number(process.argv[2] ?? 3));
    process.stderr.write(`${network}, batch ${batchSize}\n`);
    rows.push([
      network,
      String(batchSize),
      exponential(found.difference),
      `${found.flips} of ${found.decisions}`,
      found.flips === 0 ? '' : exponential(found.margin),
      exponential(found.differenceForced),
    ]);
  }
}
printTable(
  ['network', 'batch', 'difference', 'ReLUs decided otherwise', 'farthest from 0', 'with the same decisions'],
  rows,
);
process.exit(0);

function exponential(number: number): string {
  return number.toExponential(1);
}
