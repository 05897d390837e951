/** @file Targeted dropout in plain arrays, written from the paper's words: what the library is compared with. */
import type * as tf from '@tensorflow/tfjs';
import { randomNormal } from '../support/contexts.ts';
import { createNumbers } from '../support/numbers.ts';

type Numbers = readonly number[];

/** The entries of a column of a matrix that is written row by row. */
const columnOf = (matrix: Numbers, columns: number, column: number): number[] =>
  matrix.filter((_, index) => index % columns === column);

/** The number at index floor(share · n) in rising order; beyond all of them there is none. */
const thresholdOf = (numbers: Numbers, share: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(share * numbers.length)] ?? Number.POSITIVE_INFINITY;

/** Flags of the entries of lowest magnitude within each column. */
export function lowEntries(matrix: Numbers, columns: number, share: number): boolean[] {
  return matrix.map((entry, index) => {
    const column = columnOf(matrix, columns, index % columns);
    return Math.abs(entry) < thresholdOf(column.map(Math.abs), share);
  });
}

/** Flags of the entries in the columns of lowest norm. */
export function lowColumns(matrix: Numbers, columns: number, share: number): boolean[] {
  const norms = Array.from({ length: columns }, (_, column) =>
    Math.hypot(...columnOf(matrix, columns, column)),
  );
  return matrix.map((_, index) => (norms[index % columns] ?? 0) < thresholdOf(norms, share));
}

/** The entries that are not flagged, and 0. */
export const without = (matrix: Numbers, flags: readonly boolean[]): number[] =>
  matrix.map((entry, index) => (flags[index] ? 0 : entry));

/** Normal numbers, the same for the same seed. */
export const normal = (shape: readonly number[], seed: number): tf.Tensor =>
  randomNormal(shape, createNumbers(seed));
