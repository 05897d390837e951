/** @file Cells as fields of a CSV file: every number in full, shares as shares. */
import { formatNumber } from '../files/csv.ts';
import type { Cell } from './cell.ts';

/** Names of the columns that a cell fills: mean, sample standard deviation, number of seeds. */
export function nameCellFields(heading: string): string[] {
  return ['mean', 'sd', 'n'].map((field) => `${heading} ${field}`);
}

export function listCellFields(cell: Cell | undefined): string[] {
  return [cell?.mean, cell?.deviation, cell?.seeds].map(formatOptional);
}

/** A number in full, or an empty field. */
export function formatOptional(value: number | undefined): string {
  return value === undefined ? '' : formatNumber(value);
}
