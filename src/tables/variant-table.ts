/** @file The variants of an experiment side by side: accuracy by prune rate, mean and standard deviation over seeds. */

import { join } from 'node:path';
import { writeFileAtomic } from '../files/atomic.ts';
import { formatNumber, stringifyRecords } from '../files/csv.ts';
import { groupBy } from '../maps.ts';
import { compareByList } from '../order.ts';
import type { Granularity } from '../pruning/types.ts';
import { DENSE_VIEW, type EvaluationView, suffixOf } from '../sweeps/evaluations.ts';
import { type SweepRow, settingsHashOf } from '../sweeps/rows.ts';
import { type Cell, summarizeSeeds } from './cell.ts';
import { listCellFields, nameCellFields } from './cell-fields.ts';

export interface VariantTable {
  readonly granularity: Granularity;
  /** Column names. */
  readonly variants: readonly string[];
  /** Start of the hash of each column's settings: 8 hexadecimal digits. */
  readonly hashes: readonly string[];
  /** Prune rates, 0 to 1, ascending. */
  readonly rates: readonly number[];
  /** `cells[rate][variant]`, by position; nothing where no run was pruned at that rate. */
  readonly cells: readonly (readonly (Cell | undefined)[])[];
}

/**
 * Tabulates the rows of one experiment. Runs of one variant that were trained with different settings are never
 * averaged: such a variant has a column for each hash, `none (1a2b3c4d)`.
 *
 * @param rows of a sweep, with hashes of settings that leave out the seed
 * @param order of the variants; variants that it lacks follow naturally
 */
export function tabulateVariants(
  rows: readonly SweepRow[],
  granularity: Granularity,
  order: readonly string[] = [],
): VariantTable {
  const columnOf = columnNamer(rows);
  const own = rows.filter((row) => row.granularity === granularity);
  const compareNames = compareByList(order);
  const columns = [...new Map(own.map((row) => [columnOf(row), row]))].toSorted(
    ([a, rowA], [b, rowB]) => compareNames(rowA.variant, rowB.variant) || compareNames(a, b),
  );
  const variants = columns.map(([column]) => column);
  const hashes = columns.map(([, row]) => settingsHashOf(row));
  const rates = [...new Set(own.map((row) => row.pruneRate))].toSorted((a, b) => a - b);
  const seeds = groupBy(own, (row) => cellKey(row.pruneRate, columnOf(row)));
  const cells = rates.map((rate) =>
    variants.map((variant) => {
      const runs = seeds.get(cellKey(rate, variant)) ?? [];
      return summarizeSeeds(runs.map(({ accuracy }) => accuracy));
    }),
  );
  return { granularity, variants, hashes, rates, cells };
}

/** The rows of a table at some of its prune rates. */
export function selectRates(table: VariantTable, pruneRates: readonly number[]): VariantTable {
  const isSelected = table.rates.map((rate) => pruneRates.includes(rate));
  return {
    ...table,
    rates: table.rates.filter((_, index) => isSelected[index]),
    cells: table.cells.filter((_, index) => isSelected[index]),
  };
}

/** `<results>/<experiment>/table-weight.csv`, `table-unit-gamma.csv` */
export function variantTablePath(
  resultsDirectory: string,
  experiment: string,
  granularity: Granularity,
  view: EvaluationView = DENSE_VIEW,
  criterion?: string,
): string {
  const ranked = criterion === undefined ? '' : `-${criterion}`;
  return join(resultsDirectory, experiment, `table-${granularity}${suffixOf(view)}${ranked}.csv`);
}

/** Writes the table atomically, all numbers as shares; a field is empty where there is none. */
export function writeVariantTable(path: string, { rates, cells, variants }: VariantTable): void {
  const records = rates.map((rate, row) => [
    formatNumber(rate),
    ...variants.flatMap((_, column) => listCellFields(cells[row]?.[column])),
  ]);
  writeFileAtomic(path, stringifyRecords([['prune_rate', ...variants.flatMap(nameCellFields)], ...records]));
}

/** Names columns after variants, with the hash where a variant has several. */
function columnNamer(rows: readonly SweepRow[]): (row: SweepRow) => string {
  const runs = groupBy(rows, ({ variant }) => variant);
  const ambiguous = [...runs].filter(([, own]) => new Set(own.map(settingsHashOf)).size > 1);
  const names = new Set(ambiguous.map(([variant]) => variant));
  const isAmbiguous = ({ variant }: SweepRow) => names.has(variant);
  return (row) => (isAmbiguous(row) ? `${row.variant} (${settingsHashOf(row)})` : row.variant);
}

function cellKey(rate: number, column: string): string {
  return `${rate} ${column}`;
}
