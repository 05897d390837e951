/** @file One cell of a table: a number over seeds, with its mean and spread. */
import { formatPoints } from '../format.ts';

/** Most often the accuracy of one variant at one prune rate: the share of test images classified correctly, 0 to 1. */
export interface Cell {
  /** Over seeds. */
  readonly mean: number;
  /** Sample standard deviation (n − 1) over seeds, same unit; absent for a single seed. */
  readonly deviation: number | undefined;
  /** Number of seeds. */
  readonly seeds: number;
}

/** Mean and spread of one number over seeds; nothing if there is no seed. */
export function summarizeSeeds(values: readonly number[]): Cell | undefined {
  const seeds = values.length;
  if (seeds === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / seeds;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: seeds > 1 ? Math.sqrt(squares / (seeds - 1)) : undefined, seeds };
}

/** Percent with two decimals: `97.31`, or `97.31 ± 0.12` over several seeds; empty where there is no cell. */
export function formatCell(cell: Pick<Cell, 'mean' | 'deviation'> | undefined): string {
  if (cell === undefined) return '';
  const mean = formatPoints(cell.mean);
  return cell.deviation === undefined ? mean : `${mean} ± ${formatPoints(cell.deviation)}`;
}
