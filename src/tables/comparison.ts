/** @file Comparison of variants: accuracy by prune rate, mean and standard deviation over seeds. */

import { join } from 'node:path';
import { writeFileAtomic } from '../files/atomic.ts';
import { formatNumber, stringifyRecords } from '../files/csv.ts';
import { formatPoints } from '../format.ts';
import { compareByList } from '../order.ts';
import type { Granularity } from '../pruning/types.ts';
import { type SweepRow, settingsHashOf } from '../sweeps/rows.ts';

/** Accuracy of one variant at one rate. */
export interface Cell {
  /** Mean over seeds of the share of test images classified correctly, 0 to 1. */
  readonly mean: number;
  /** Sample standard deviation (n − 1) over seeds, same unit; absent for a single seed. */
  readonly deviation: number | undefined;
  /** Number of seeds. */
  readonly seeds: number;
}

export interface Comparison {
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
export function compareVariants(
  rows: readonly SweepRow[],
  granularity: Granularity,
  order: readonly string[] = [],
): Comparison {
  const columnOf = columnNamer(rows);
  const own = rows.filter((row) => row.granularity === granularity);
  const compareNames = compareByList(order);
  const columns = [...new Map(own.map((row) => [columnOf(row), row]))].toSorted(
    ([a, rowA], [b, rowB]) => compareNames(rowA.variant, rowB.variant) || compareNames(a, b),
  );
  const variants = columns.map(([column]) => column);
  const hashes = columns.map(([, row]) => settingsHashOf(row));
  const rates = [...new Set(own.map((row) => row.pruneRate))].toSorted((a, b) => a - b);
  const accuracies = new Map<string, number[]>();
  for (const row of own) {
    const key = cellKey(row.pruneRate, columnOf(row));
    const cell = accuracies.get(key);
    if (cell === undefined) accuracies.set(key, [row.accuracy]);
    else cell.push(row.accuracy);
  }
  const cells = rates.map((rate) =>
    variants.map((variant) => summarizeSeeds(accuracies.get(cellKey(rate, variant)) ?? [])),
  );
  return { granularity, variants, hashes, rates, cells };
}

/** `<results>/<experiment>/table-weight.csv` or `table-unit.csv` */
export function comparisonPath(
  resultsDirectory: string,
  experiment: string,
  granularity: Granularity,
): string {
  return join(resultsDirectory, experiment, `table-${granularity}.csv`);
}

/** Writes the table atomically, all numbers as shares; a field is empty where there is none. */
export function writeComparison(path: string, { rates, cells, variants }: Comparison): void {
  const records = rates.map((rate, row) => [
    formatNumber(rate),
    ...variants.flatMap((_, column) => listCellFields(cells[row]?.[column])),
  ]);
  writeFileAtomic(path, stringifyRecords([['prune_rate', ...variants.flatMap(nameCellFields)], ...records]));
}

/** The columns that a cell fills in a CSV table: mean, sample standard deviation, number of seeds. */
export function nameCellFields(heading: string): string[] {
  return ['mean', 'sd', 'n'].map((field) => `${heading} ${field}`);
}

export function listCellFields(cell: Cell | undefined): string[] {
  return [cell?.mean, cell?.deviation, cell?.seeds].map(formatOptional);
}

/** A number in full, or nothing. */
export function formatOptional(value: number | undefined): string {
  return value === undefined ? '' : formatNumber(value);
}

/** Percent with two decimals: `97.31`, or `97.31 ± 0.12` over several seeds. */
export function formatCell(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  const mean = formatPoints(cell.mean);
  return cell.deviation === undefined ? mean : `${mean} ± ${formatPoints(cell.deviation)}`;
}

/** Mean and spread of one number over seeds; nothing if there is no seed. */
export function summarizeSeeds(values: readonly number[]): Cell | undefined {
  const seeds = values.length;
  if (seeds === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / seeds;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: seeds > 1 ? Math.sqrt(squares / (seeds - 1)) : undefined, seeds };
}

/** Names columns after variants, with the hash where a variant has several. */
function columnNamer(rows: readonly SweepRow[]): (row: SweepRow) => string {
  const hashes = new Map<string, Set<string>>();
  for (const row of rows)
    hashes.set(row.variant, (hashes.get(row.variant) ?? new Set()).add(settingsHashOf(row)));
  const isAmbiguous = ({ variant }: SweepRow) => (hashes.get(variant)?.size ?? 0) > 1;
  return (row) => (isAmbiguous(row) ? `${row.variant} (${settingsHashOf(row)})` : row.variant);
}

function cellKey(rate: number, column: string): string {
  return `${rate} ${column}`;
}
