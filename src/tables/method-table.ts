/** @file The paper's layout: rates down, methods across, the best of each row marked, published numbers beside ours. */

import type { RunSettings } from '../config/schema.ts';
import { formatPoints } from '../format.ts';
import { compareMethods, describeMethod, methodOf } from '../methods/names.ts';
import { compareNaturally } from '../order.ts';
import type { Granularity } from '../pruning/types.ts';
import { DENSE_VIEW, describeView, type EvaluationView, noteView } from '../sweeps/evaluations.ts';
import type { SweepRow } from '../sweeps/rows.ts';
import type { Cell } from './cell.ts';
import { describeMissing, type MissingRun } from './missing-runs.ts';
import {
  type ColumnComparison,
  comparePublished,
  noteComparisons,
  type OwnColumn,
} from './paper/comparison.ts';
import type { PublishedNumber } from './paper/published.ts';
import { costOf, formatEpochs, haveUnequalCosts, type TrainingCost } from './training-cost.ts';
import { tabulateVariants } from './variant-table.ts';

/** One method at one rate. */
export interface MethodCell {
  readonly own: Cell | undefined;
  /** Whether at least two columns have a mean in this row, and none has a higher one as printed. */
  readonly isBest: boolean;
  readonly published: PublishedNumber | undefined;
  /** Our mean less the published one, as a share; absent where the two cannot be compared. */
  readonly difference: number | undefined;
}

export interface MethodColumn {
  /** The method with its numbers, or the variant's name where its settings are not known. */
  readonly heading: string;
  readonly variant: string;
  /** One for each rate. */
  readonly cells: readonly MethodCell[];
  /** What its training cost, if that is known and the columns differ in it. */
  readonly training?: TrainingCost;
  /** Whether published numbers stand in any row. */
  readonly hasPublished: boolean;
}

export interface MethodTable {
  readonly experiment: string;
  readonly granularity: Granularity;
  /** `dense`, `gamma, recalibrated` */
  readonly evaluation: string;
  /** Prune rates, 0 to 1, ascending. */
  readonly rates: readonly number[];
  readonly columns: readonly MethodColumn[];
  /** Runs that should be in it. */
  readonly missing: readonly MissingRun[];
  /** Sentences that belong under the table. */
  readonly notes: readonly string[];
}

export interface MethodTableOptions {
  readonly experiment: string;
  readonly rows: readonly SweepRow[];
  readonly granularity: Granularity;
  /** Settings by the first 8 digits of their hash, as far as they are known. */
  readonly settings: ReadonlyMap<string, RunSettings>;
  /** The evaluation that the rows are of; networks as they are if absent. */
  readonly view?: EvaluationView;
  /** Runs that should be in the table and are not; none if absent. */
  readonly missing?: readonly MissingRun[];
  /** The paper's numbers, if they are to stand beside ours. */
  readonly published?: readonly PublishedNumber[] | undefined;
}

/** Variants that were trained for the other granularity are left out, and named in a note. */
export function buildMethodTable(options: MethodTableOptions): MethodTable {
  const { experiment, granularity, published, missing = [], view = DENSE_VIEW } = options;
  const { rates, columns: all } = collectColumns(options);
  const columns = all.filter(({ method }) => (method?.granularity ?? granularity) === granularity);
  const headings = nameColumns(columns);
  const variants = new Set(columns.map(({ variant }) => variant.replace(/ \([0-9a-f]{8}\)$/, '')));
  const compared = published && comparePublished(columns, rates, granularity, published, view);
  const costs = columns.map(({ settings }) => settings && costOf(settings, options.settings));
  const tellsCosts = haveUnequalCosts(costs);
  const best = rates.map((_, rate) => bestOf(columns.map(({ cells }) => cells[rate])));
  return {
    experiment,
    granularity,
    evaluation: describeView(view),
    rates,
    columns: columns.map((column, index) => ({
      heading: headings[index] ?? column.variant,
      variant: column.variant,
      ...(tellsCosts && costs[index] !== undefined && { training: costs[index] }),
      cells: rates.map((_, rate) => makeCell(column.cells[rate], best[rate], compared?.[index], rate)),
      hasPublished: compared?.[index]?.numbers.some((number) => number !== undefined) ?? false,
    })),
    missing,
    notes: [
      ...noteView(
        view,
        options.rows.filter((row) => row.granularity === granularity && variants.has(row.variant)),
      ),
      ...(tellsCosts ? [noteCosts(headings, costs)] : []),
      ...describeMissing(missing),
      ...noteLeftOut(
        all.filter((column) => !columns.includes(column)),
        granularity,
      ),
      ...(compared === undefined ? [] : noteComparisons(compared, headings, granularity)),
    ],
  };
}

function collectColumns({ rows, granularity, settings }: MethodTableOptions) {
  const { rates, variants, hashes, cells } = tabulateVariants(rows, granularity);
  const columns = variants.map((variant, column): OwnColumn => {
    const known = settings.get(hashes[column] ?? '');
    return {
      variant,
      settings: known,
      method: known && methodOf(known.regularizer),
      cells: cells.map((row) => row[column]),
    };
  });
  return { rates, columns: columns.toSorted(compareColumns) };
}

/** What a column is ordered and named by. */
type NamedColumn = Pick<OwnColumn, 'variant' | 'method'>;

/** Columns whose settings are not known come last. */
export function compareColumns(a: NamedColumn, b: NamedColumn): number {
  const byMethod =
    a.method && b.method
      ? compareMethods(a.method, b.method)
      : Number(a.method === undefined) - Number(b.method === undefined);
  return byMethod || compareNaturally(a.variant, b.variant);
}

/** Headings of columns. Where two methods would have the same heading, their variants' names are added. */
export function nameColumns(columns: readonly NamedColumn[]): string[] {
  const headings = columns.map(({ method, variant }) =>
    method === undefined ? variant : describeMethod(method),
  );
  return headings.map((heading, index) => {
    const isShared = headings.filter((other) => other === heading).length > 1;
    return isShared ? `${heading}: ${columns[index]?.variant}` : heading;
  });
}

/** The highest mean of a row as printed; nothing if the row has fewer than two, among which there is no best. */
export function bestOf(row: readonly (Cell | undefined)[]): string | undefined {
  const means = row.flatMap((cell) => (cell === undefined ? [] : [cell.mean]));
  return means.length < 2 ? undefined : formatPoints(Math.max(...means));
}

/** Whether a cell is the best of its row, or as good as the best to the digits printed. */
export function isBest(cell: Cell | undefined, best: string | undefined): boolean {
  return cell !== undefined && formatPoints(cell.mean) === best;
}

function makeCell(
  own: Cell | undefined,
  best: string | undefined,
  compared: ColumnComparison | undefined,
  rate: number,
): MethodCell {
  const published = compared?.numbers[rate];
  const isComparable = own !== undefined && published !== undefined && compared?.isComparable === true;
  return {
    own,
    isBest: isBest(own, best),
    published,
    difference: isComparable ? own.mean - published.accuracy : undefined,
  };
}

/** Which columns are comparisons at equal cost, the reader sees by it. */
function noteCosts(headings: readonly string[], costs: readonly (TrainingCost | undefined)[]): string {
  const list = headings.map((heading, index) => `${heading}, ${formatEpochs(costs[index])}`).join('; ');
  return `Trained for, with the run that it goes on from: ${list}.`;
}

function noteLeftOut(columns: readonly OwnColumn[], granularity: Granularity): string[] {
  if (columns.length === 0) return [];
  const other = granularity === 'weight' ? 'units' : 'weights';
  const names = columns.map(({ variant }) => variant).join(', ');
  return [`Left out, since trained to lose ${other}: ${names}.`];
}
