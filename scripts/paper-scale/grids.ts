/** @file How long each table of the paper takes, and what each network computes: headings and rows of text. */
import { formatDuration } from '../../src/format.ts';
import {
  type Card,
  listDistinct,
  secondsOf,
  startsOf,
  type TableEstimate,
  tableSeconds,
  trainingSeconds,
} from './estimate.ts';

export interface Grid {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A row a table of the paper, and one for all together. */
export function layOutTimes(estimates: readonly TableEstimate[], cards: readonly Card[]): Grid {
  const distinct = listDistinct(estimates);
  const total = (card: Card) =>
    distinct.reduce((sum, { run, work }) => sum + trainingSeconds(run, work, card), 0);
  return {
    headings: ['table of the paper', 'trainings', ...cards.map(({ name }) => `on one ${name}, estimated`)],
    rows: [
      ...estimates.map((estimate) => [
        estimate.table.title,
        String(estimate.runs.length),
        ...cards.map((card) => formatDuration(tableSeconds(estimate, card))),
      ]),
      ['together', String(distinct.length), ...cards.map((card) => formatDuration(total(card)))],
    ],
  };
}

/** A row a network. */
export function layOutCounts(estimates: readonly TableEstimate[], cards: readonly Card[]): Grid {
  const networks = new Map(estimates.map((estimate) => [estimate.table.config, estimate]));
  const milliseconds = (seconds: number) => `${(1000 * seconds).toFixed(1)} ms`;
  const inTurn = (times: readonly string[]) => [...new Set(times)].join(', ');
  return {
    headings: [
      'experiment',
      'multiply-adds an image',
      'a step',
      'kernels a step',
      'steps',
      ...cards.map(({ name }) => `arithmetic, ${name}`),
      'starts',
    ],
    rows: [...networks].map(([config, { work }]) => [
      `configs/${config}`,
      `${(work.flopsPerImage / 2e6).toFixed(1)} million`,
      `${(work.flopsPerStep / 1e9).toFixed(0)} GFLOP`,
      work.kernelsPerStep.toLocaleString('en'),
      work.steps.toLocaleString('en'),
      ...cards.map((card) => milliseconds(secondsOf(work.flopsPerStep, card))),
      inTurn(cards.map((card) => milliseconds(startsOf(work, card)))),
    ]),
  };
}
