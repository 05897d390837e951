/** @file docs/paper-scale.md: for each table of the paper the commands, and how long they would take on a card. */
import { join } from 'node:path';
import { describeCount, formatDuration } from '../../src/format.ts';
import { renderTable } from '../results/claim-tables.ts';
import {
  CARDS,
  type Card,
  MICROSECONDS_PER_KERNEL,
  secondsOf,
  startsOf,
  type TableEstimate,
  tableSeconds,
  trainingSeconds,
} from './estimate.ts';
import { ABSENT, type PaperTable } from './tables.ts';

export const PAGE = join(import.meta.dirname, '../../docs/paper-scale.md');

/** @param estimates of all tables, in the paper's order */
export function renderPaperScale(estimates: readonly TableEstimate[]): string {
  return `${[
    '<!-- Made by `npm run docs:results` from scripts/paper-scale. Change that. -->',
    "# The paper's tables at the paper's scale",
    INTRODUCTION,
    '## How long',
    renderSummary(estimates),
    ASSUMPTIONS,
    renderCounts(estimates),
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
  off. On both a kernel starts every ${MICROSECONDS_PER_KERNEL} µs.
* A step takes its arithmetic (multiply-adds of the prunable layers × 2 operations × 3 passes, forward and twice back, × the batch), or the starts of its
  kernels one after another if those take longer. A training is its steps, and a pass over the test images after each epoch.
* Variational dropout passes mean and variance through each layer: counted twice.
* At another throughput times change in proportion, down to the starts of kernels: \`npm run gpu-estimate -- --tflops 30 --launch-us 3\`.
* "Together" counts a run once that several tables share: td trains it once.`;

const NOT_MEASURED = `* No step of these networks was timed on a card; \`npm run device-check\` does it ([gpu.md](gpu.md)). Batch normalisation, masks, rankings and the
  optimizer are in the starts of kernels alone, as plain training has them; their memory traffic is not counted.
* Whether the host makes batches as fast as the card takes them: crops and flips are made on the processor.
* Sweeps: a pass over the test images for each rate and evaluation of a run, for twenty rates the arithmetic of one or two epochs of training.
* Memory on the card, and whether two trainings there end with the same bits.
* The accuracies. What to expect are the published ones, but for their [known faults](results.md#what-is-wrong-with-the-published-numbers).`;

const TOY = `### Table 1 and figure 1: a toy network and its Hessian

    td run configs/toy-hessian.yaml
    td sweep configs/toy-hessian.yaml
    npm run toy-hessian

Run here, on the processor, with five seeds in place of the paper's one: [dependence.md](dependence.md). It needs no card.`;

/** `an NVIDIA A100 sustains 10 TFLOP/s in convolutions and products, of 19.5 at its peak` */
function describeCard({ name, sustainedTflops, peakTflops }: Card): string {
  return `an ${name} sustains ${sustainedTflops} TFLOP/s in convolutions and products, of ${peakTflops} at its peak`;
}

function renderSummary(estimates: readonly TableEstimate[]): string {
  const rows = estimates.map((estimate) => [
    estimate.table.title,
    String(estimate.runs.length),
    ...CARDS.map((card) => formatDuration(tableSeconds(estimate, card))),
  ]);
  const distinct = new Map(
    estimates.flatMap(({ runs, work }) =>
      runs.map((run) => [`${run.experiment} ${run.variant} ${run.seed}`, { run, work }] as const),
    ),
  );
  const total = (card: Card) =>
    [...distinct.values()].reduce((sum, { run, work }) => sum + trainingSeconds(run, work, card), 0);
  return renderTable(
    ['table of the paper', 'trainings', ...CARDS.map(({ name }) => `on one ${name}, estimated`)],
    [...rows, ['together', String(distinct.size), ...CARDS.map((card) => formatDuration(total(card)))]],
  );
}

/** What each network computes. */
function renderCounts(estimates: readonly TableEstimate[]): string {
  const networks = new Map(estimates.map((estimate) => [estimate.table.config, estimate]));
  const milliseconds = (seconds: number) => `${(1000 * seconds).toFixed(1)} ms`;
  const rows = [...networks].map(([config, { work }]) => [
    `configs/${config}`,
    `${(work.flopsPerImage / 2e6).toFixed(1)} million`,
    `${(work.flopsPerStep / 1e9).toFixed(0)} GFLOP`,
    work.kernelsPerStep.toLocaleString('en'),
    work.steps.toLocaleString('en'),
    ...CARDS.map((card) => milliseconds(secondsOf(work.flopsPerStep, card))),
    milliseconds(startsOf(work)),
  ]);
  return renderTable(
    [
      'experiment',
      'multiply-adds an image',
      'a step',
      'kernels a step',
      'steps',
      ...CARDS.map(({ name }) => `arithmetic, ${name}`),
      'starts',
    ],
    rows,
  );
}

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
