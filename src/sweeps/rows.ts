/** @file sweep.csv: a row per run, evaluation, granularity and prune rate, in an order that depends on nothing else. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../files/atomic.ts';
import { type Columns, formatCsv, type Row } from '../files/csv.ts';
import { compareByList, compareNaturally } from '../order.ts';
import { EVALUATIONS, type Granularity } from '../pruning/types.ts';

const GRANULARITIES = ['weight', 'unit'] as const satisfies readonly Granularity[];

/** Names in a table become names of folders, so none may lead out of its folder. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/i;
const RUN = /^[a-z0-9][a-z0-9._-]*\/seed-\d{1,16}-[0-9a-f]{8,}@[0-9a-f]{8}$/i;

/** All that files of earlier versions have. */
const OLDER_COLUMNS = {
  experiment: NAME,
  variant: NAME,
  seed: 'count',
  granularity: GRANULARITIES,
  /** Asked share to remove, 0 to 1. */
  pruneRate: 'share',
  /** Achieved share of zeros over the prunable weights, 0 to 1. */
  sparsity: 'share',
  parametersTotal: 'count',
  parametersKept: 'count',
  /** Share of test images classified correctly, 0 to 1. */
  accuracy: 'share',
  /** Mean cross-entropy over the test images, in nats. */
  loss: 'number',
  testImages: 'count',
  /** The run and its checkpoint, as `checkpointId` names them. */
  runId: RUN,
} as const satisfies Columns;

/** What files had before they told multiply-adds. */
const FORMER_COLUMNS = {
  ...OLDER_COLUMNS,
  evaluation: EVALUATIONS,
  /** Times that noise was drawn and each image evaluated; 0 where nothing is drawn. */
  draws: 'count',
  /** Training images on which batch-norm averages were taken anew after pruning; 0 for the averages of the training. */
  recalibrated: 'count',
} as const satisfies Columns;

const COLUMNS = {
  ...FORMER_COLUMNS,
  /** Of one image in the prunable layers: entries times the positions at which they are applied. Rows of earlier versions have none. */
  multiplyAddsTotal: 'optional',
  /** The same over the entries that are not zero. */
  multiplyAddsKept: 'optional',
} as const satisfies Columns;

/** Forms that a file may have, the present one first. */
export const SWEEP_FORMS = [COLUMNS, FORMER_COLUMNS, OLDER_COLUMNS] as const;

/** What all files have. */
export type OlderColumns = typeof OLDER_COLUMNS;

/** A row of sweep.csv: a run at one prune rate, of one granularity, under one evaluation. */
export type SweepRow = Row<typeof COLUMNS>;

/** How a row came about: which evaluation, and with how many draws and images. */
export type EvaluationTerms = Pick<SweepRow, 'evaluation' | 'draws' | 'recalibrated'>;

/** The network as it is, which is all that older files have. */
export const DENSE: EvaluationTerms = { evaluation: 'dense', draws: 0, recalibrated: 0 };

/** What rows of earlier versions tell of multiply-adds. */
export const UNCOUNTED = { multiplyAddsTotal: Number.NaN, multiplyAddsKept: Number.NaN };

/**
 * `<results>/<experiment>/sweep.csv`; of networks that were pruned by another criterion than the paper's `sweep-<criterion>.csv`, so that no
 * table compares what was ranked in two ways.
 *
 * @param criterion its id
 */
export function sweepPath(resultsDirectory: string, experiment: string, criterion?: string): string {
  return join(resultsDirectory, experiment, `sweep${criterion === undefined ? '' : `-${criterion}`}.csv`);
}

/**
 * Names a run together with the weights it ended with, so that rows of an older training are recognised as such:
 * `targeted-weight/seed-0-1a2b3c4d@5e6f7a8b`.
 *
 * @param id of the run: `<variant>/seed-<n>-<hash8>`
 * @param sha256 of its checkpoint
 */
export function checkpointId(id: string, sha256: string): string {
  return `${id}@${sha256.slice(0, 8)}`;
}

/**
 * What a row is of. Another number of draws, or of images for the averages, makes a new row in the place of the old one, so
 * that a table never has to choose between two.
 */
export function rowKey({ runId, granularity, pruneRate, evaluation, recalibrated }: SweepRow): string {
  return `${runId} ${granularity} ${pruneRate} ${evaluation} ${recalibrated > 0}`;
}

/** Whether a row is of the network as it is. */
export function isPlain({ evaluation, recalibrated }: EvaluationTerms): boolean {
  return evaluation === 'dense' && recalibrated === 0;
}

/** `dense`, `stochastic with 5 draws, recalibrated on 5000 images` */
export function describeTerms({ evaluation, draws, recalibrated }: EvaluationTerms): string {
  const drawn = draws > 0 ? ` with ${draws} draws` : '';
  return `${evaluation}${drawn}${recalibrated > 0 ? `, recalibrated on ${recalibrated} images` : ''}`;
}

/** The id of a row's run, without its checkpoint: `<variant>/seed-<n>-<hash8>`. */
export function runIdOf({ runId }: SweepRow): string {
  return runId.slice(0, runId.lastIndexOf('@'));
}

/** Ids of the runs whose rows a sweep keeps although their folders are not there, as where results were copied in part. */
export function findLostRuns(
  resultsDirectory: string,
  experiment: string,
  rows: readonly SweepRow[],
): string[] {
  const ids = [...new Set(rows.map(runIdOf))];
  return ids.filter((id) => !existsSync(join(resultsDirectory, experiment, id)));
}

/** First 8 digits of the hash of the settings that a row's run was trained with; the seed is no part of it. */
export function settingsHashOf({ runId }: SweepRow): string {
  return /-([0-9a-f]+)@[0-9a-f]+$/.exec(runId)?.[1] ?? runId;
}

/** The row of a checkpoint at one granularity and rate, evaluated on these terms, if it is there. */
export function findSweepRow(
  rows: readonly SweepRow[],
  runId: string,
  granularity: Granularity,
  pruneRate: number,
  { evaluation, draws, recalibrated }: EvaluationTerms = DENSE,
): SweepRow | undefined {
  return rows.find(
    (row) =>
      row.runId === runId &&
      row.granularity === granularity &&
      row.pruneRate === pruneRate &&
      row.evaluation === evaluation &&
      row.draws === draws &&
      row.recalibrated === recalibrated,
  );
}

/**
 * The table as text, ordered by variant, seed, evaluation, granularity, rate and run.
 *
 * @param variants of the experiment in its order; variants that it lacks follow naturally
 */
export function formatSweep(rows: readonly SweepRow[], variants: readonly string[] = []): string {
  const tabulateVariants = compareByList(variants);
  const ordered = rows.toSorted(
    (a, b) =>
      tabulateVariants(a.variant, b.variant) ||
      a.seed - b.seed ||
      EVALUATIONS.indexOf(a.evaluation) - EVALUATIONS.indexOf(b.evaluation) ||
      a.recalibrated - b.recalibrated ||
      GRANULARITIES.indexOf(a.granularity) - GRANULARITIES.indexOf(b.granularity) ||
      a.pruneRate - b.pruneRate ||
      compareNaturally(a.runId, b.runId),
  );
  return formatRows(ordered);
}

/** The table as text, in the order given. */
export function formatRows(rows: readonly SweepRow[]): string {
  return formatCsv(COLUMNS, rows);
}

/** Writes the table atomically. */
export function writeSweep(path: string, rows: readonly SweepRow[], variants: readonly string[] = []): void {
  writeFileAtomic(path, formatSweep(rows, variants));
}
