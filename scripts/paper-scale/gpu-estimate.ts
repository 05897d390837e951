/** @file npm run gpu-estimate: how long the paper's tables would take on a card of your own assumptions, as docs/paper-scale.md has it. */
import { parseArgs } from 'node:util';
import { printTable } from '../../src/terminal/output.ts';
import { type Card, estimateTables } from './estimate.ts';
import { type Grid, layOutCounts, layOutTimes } from './grids.ts';
import { TABLES } from './tables.ts';

const HELP = `npm run gpu-estimate [-- options]

Estimates the time of the paper's tables on a graphics card, as docs/paper-scale.md does. A step takes as long as its arithmetic
at the rate that the card sustains, or as the starts of its kernels one after another. Both rates are assumptions of yours.

  --tflops <n>      10^12 operations of float32 a second that the card sustains in convolutions (default: 10)
  --launch-us <n>   microseconds from one kernel to the next (default: 5)
  --help            print this help
`;

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
  const sustainedTflops = positive('tflops');
  const name = `card of ${sustainedTflops} TFLOP/s`;
  const card: Card = { name, sustainedTflops, microsecondsPerKernel: positive('launch-us') };
  const estimates = await estimateTables(TABLES);
  printGrid(layOutTimes(estimates, [card]));
  process.stdout.write('\n');
  printGrid(layOutCounts(estimates, [card]));
  process.stdout.write(
    `\nassumed: ${sustainedTflops} TFLOP/s sustained, ${card.microsecondsPerKernel} µs a kernel; nothing here was measured on a card\n`,
  );
}

function printGrid({ headings, rows }: Grid): void {
  printTable(headings, rows);
}

function positive(name: 'tflops' | 'launch-us'): number {
  const number = Number(values[name]);
  if (Number.isFinite(number) && number > 0) return number;
  process.stderr.write(`gpu-estimate: --${name} is "${values[name]}", expected a number above 0\n`);
  process.exit(2);
}
