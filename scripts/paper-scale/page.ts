/** @file docs/paper-scale.md: for each table of the paper the commands, and how long they would take on a card. */
import { join } from 'node:path';
import { describeCount, formatDuration } from '../../src/format.ts';
import { renderTable } from '../results/claim-tables.ts';
import { CARDS, type KnownCard, type TableEstimate, tableSeconds } from './estimate.ts';
import { type Grid, layOutCounts, layOutTimes } from './grids.ts';
import { ABSENT, type PaperTable } from './tables.ts';

export const PAGE = join(import.meta.dirname, '../../docs/paper-scale.md');

/** @param estimates of all tables, in the paper's order */
export function renderPaperScale(estimates: readonly TableEstimate[]): string {
  return `${[
    '<!-- Made by `npm run docs:results` from scripts/paper-scale. Change that. -->',
    "# The paper's tables at the paper's scale",
    INTRODUCTION,
    '## How long',
    renderGrid(layOutTimes(estimates, CARDS)),
    ASSUMPTIONS,
    renderGrid(layOutCounts(estimates, CARDS)),
    '## What was not measured',
    NOT_MEASURED,
    '## Commands',
    TOY,
    ...estimates.map(renderTableOf),
    ...ABSENT.map(({ title, reason }) => `### ${title}\n\nNot to be had: ${reason}`),
  ].join('\n\n')}\n`;
}

const INTRODUCTION = `Commands for each table of "Learning Sparse Networks Using Targeted Dropout" at its own networks and lengths, tables counted in the source of arXiv
1905.13678. **But for the toy of table 1, none of them was run by this project**, and every time below is an estimate: what was trained is in
[results.md](results.md).`;

const ASSUMPTIONS = `* **Assumed, not measured**: ${CARDS.map(describeCard).join('; ')}. Peaks are those of data sheets, float32 outside the tensor cores, since td turns TF32
  off. On both a kernel starts every ${CARDS[0].microsecondsPerKernel} µs.
* A step takes its arithmetic (multiply-adds of the prunable layers × 2 operations × 3 passes, forward and twice back, × the batch), or the starts of its
  kernels one after another if those take longer. A training is its steps, and a pass over the test images after each epoch.
* Variational dropout passes mean and variance through each layer: counted twice.
* At another throughput times change in proportion, down to the starts of kernels: \`npm run gpu-estimate -- --tflops 30 --launch-us 3\`
  prints both tables for it.
* "Together" counts a run once that several tables share: td trains it once.`;

const NOT_MEASURED = `* No step of these networks was timed on a card; \`npm run device-check\` does it ([gpu.md](gpu.md)). Batch normalisation, masks, rankings and the
  optimizer are in the starts of kernels alone, as plain training has them; their memory traffic is not counted.
* Whether the host makes batches as fast as the card takes them: crops and flips are made on the processor.
* Sweeps: a pass over the test images for each rate and evaluation of a run, for twenty rates the arithmetic of one or two epochs of training.
* Memory on the card, and whether two trainings there end with the same bits.
* The accuracies. What to expect are the published ones, but for their [known faults](results.md#what-is-wrong-with-the-published-numbers) and for
  ramping in table 7: a network of one gamma, evaluated as the paper's code did, has one accuracy up to that rate, where the published ones fall.`;

const TOY = `### Table 1 and figure 1: a toy network and its Hessian

    td run configs/toy-hessian.yaml
    td sweep configs/toy-hessian.yaml
    npm run toy-hessian

Run here, on the processor, with five seeds in place of the paper's one: [dependence.md](dependence.md). It needs no card.`;

/** `an NVIDIA A100 sustains 10 TFLOP/s in convolutions and products, of 19.5 at its peak` */
function describeCard({ name, sustainedTflops, peakTflops }: KnownCard): string {
  return `an ${name} sustains ${sustainedTflops} TFLOP/s in convolutions and products, of ${peakTflops} at its peak`;
}

const renderGrid = ({ headings, rows }: Grid): string => renderTable(headings, rows);

function renderTableOf(estimate: TableEstimate): string {
  const { table, runs, work } = estimate;
  const times = CARDS.map((card) => `${formatDuration(tableSeconds(estimate, card))} on an ${card.name}`);
  const steps = `${describeCount(runs.length, 'training')} of ${work.steps.toLocaleString('en')} steps; by the estimate above ${times.join(', ')}.`;
  const notes = [steps, ...table.notes].map((note) => `* ${note}`);
  return [
    `### ${table.title}`,
    listCommands(table)
      .map((line) => `    ${line}`)
      .join('\n'),
    notes.join('\n'),
  ].join('\n\n');
}

/** Training, sweep as the paper was evaluated, and the table beside the published one. */
export function listCommands({ config, variants, granularity, prune }: PaperTable): string[] {
  const file = `configs/${config}`;
  return [
    `td run ${file} --only ${variants.join(',')}`,
    [
      `td sweep ${file} --granularity ${granularity}`,
      prune === undefined ? [] : `--prune ${prune}`,
      '--evaluate paper,dense',
    ]
      .flat()
      .join(' '),
    `td table ${file} --granularity ${granularity} --evaluate paper --paper`,
  ];
}
