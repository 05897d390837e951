/** @file What was measured of each network of the toy experiment, a row a run, and what the paper published. */
import { join } from 'node:path';
import { type Columns, formatCsv, type Row, readCsv } from '../../src/files/csv.ts';

const RESULTS = join(import.meta.dirname, '../../results');

/** The committed measurements that docs/results.md shows. */
export const COMMITTED = join(RESULTS, 'baseline/dependence/toy-hessian.csv');

const PUBLISHED = join(RESULTS, 'paper/toy-hessian.csv');

const COLUMNS = {
  experiment: 'text',
  variant: 'text',
  /** As tables call it: `targeted(0.5, 0.75)`. */
  method: 'text',
  seed: 'count',
  /** Share of the weights that was removed. */
  pruneRate: 'share',
  /** Mean cross-entropy over the test images, in nats, and share of them classified correctly. */
  loss: 'number',
  prunedLoss: 'number',
  accuracy: 'share',
  prunedAccuracy: 'share',
  /** −∇Eᵀd and ½ dᵀHd. */
  firstOrder: 'number',
  secondOrder: 'number',
  /** Sums of θᵢ Hᵢⱼ θⱼ, and Frobenius norms, by block. */
  keptSum: 'number',
  crossSum: 'number',
  removedSum: 'number',
  keptNorm: 'number',
  crossNorm: 'number',
  removedNorm: 'number',
  /** What comes of pruning the logits layer, too. */
  everyPrunedLoss: 'number',
  everyPrunedAccuracy: 'share',
  everyFirstOrder: 'number',
  everySecondOrder: 'number',
  /** Random directions behind the norms. */
  draws: 'count',
  testImages: 'count',
  runId: 'text',
} as const satisfies Columns;

export type DependenceRow = Row<typeof COLUMNS>;

const PUBLISHED_COLUMNS = {
  method: 'text',
  changeInLoss: 'number',
  accuracy: 'share',
  prunedAccuracy: 'share',
} as const satisfies Columns;

export type PublishedRow = Row<typeof PUBLISHED_COLUMNS>;

export function formatRows(rows: readonly DependenceRow[]): string {
  return formatCsv(COLUMNS, rows);
}

/** @throws UserError naming file and line if it is malformed */
export function readRows(path: string): DependenceRow[] {
  return readCsv(path, COLUMNS);
}

/** The paper's table: one run a row. */
export function readPublishedRows(): PublishedRow[] {
  return readCsv(PUBLISHED, PUBLISHED_COLUMNS);
}
