/** @file npm run gpu-estimate: how long the paper's tables would take on a graphics card, from what a step computes. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse as parseCsv } from 'csv-parse/sync';
import { formatDuration } from '../../src/format.ts';
import { printTable } from '../../src/terminal/output.ts';
import { countTrainings, describeWork, type PublishedCell, type Work } from './estimate.ts';

const HELP = `npm run gpu-estimate [-- options]

Estimates the time of the paper's tables on a graphics card. A step takes at least as long as its arithmetic at the rate
that the card sustains, and as the starts of its kernels one after another. Both rates are assumptions of yours.

  --tflops <n>      10^12 operations of float32 a second that the card sustains in convolutions (default: 10)
  --launch-us <n>   microseconds from one kernel to the next (default: 5)
  --help            print this help
`;

const ROOT = join(import.meta.dirname, '../..');
/** Experiments at the paper's scale, by the name of the network in its tables. */
const EXPERIMENTS = {
  'resnet32-wide': 'configs/cifar-resnet.yaml',
  'wide-resnet': 'configs/cifar-wide-resnet.yaml',
  vgg16: 'configs/cifar-vgg.yaml',
} as const;

const { values } = parseArgs({
  options: {
    tflops: { type: 'string', default: '10' },
    'launch-us': { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await print();

async function print(): Promise<void> {
  const rates = { tflops: positive('tflops'), launchMicroseconds: positive('launch-us') };
  const cells = parseCsv(readFileSync(join(ROOT, 'results/paper/paper-tables.csv')), {
    columns: true,
  }) as PublishedCell[];
  const rows: string[][] = [];
  for (const [network, file] of Object.entries(EXPERIMENTS)) {
    const work = await describeWork(join(ROOT, file));
    const trainings = countTrainings(cells, network);
    rows.push(row(network, work, trainings, rates));
  }
  printTable(
    [
      'network',
      'GFLOP/step',
      'kernels/step',
      'steps',
      'arithmetic',
      'starts',
      'step',
      'training',
      'in the tables',
      'all',
    ],
    rows,
  );
  process.stdout.write(
    `\nassumed: ${rates.tflops} TFLOP/s sustained, ${rates.launchMicroseconds} µs a kernel; nothing here was measured on a card\n`,
  );
}

function row(
  network: string,
  { flopsPerStep, kernelsPerStep, steps }: Work,
  trainings: number,
  { tflops, launchMicroseconds }: { tflops: number; launchMicroseconds: number },
): string[] {
  const arithmetic = flopsPerStep / (tflops * 1e9);
  const starts = (kernelsPerStep * launchMicroseconds) / 1000;
  const step = Math.max(arithmetic, starts);
  const seconds = (step * steps) / 1000;
  const milliseconds = (time: number) => `${time.toFixed(1)} ms`;
  return [
    network,
    (flopsPerStep / 1e9).toFixed(0),
    String(kernelsPerStep),
    String(steps),
    milliseconds(arithmetic),
    milliseconds(starts),
    milliseconds(step),
    formatDuration(seconds),
    `${trainings} trainings`,
    formatDuration(seconds * trainings),
  ];
}

function positive(name: 'tflops' | 'launch-us'): number {
  const number = Number(values[name]);
  if (Number.isFinite(number) && number > 0) return number;
  process.stderr.write(`gpu-estimate: --${name} is "${values[name]}", expected a number above 0\n`);
  process.exit(2);
}
