/** @file Importance scores that pruning ranks by when a method has none of its own: magnitude and column norm. */
import type { Granularity } from './types.ts';

/**
 * A kernel seen as a matrix of `[everything else, outputs]`, as in the paper: one column a unit or filter.
 *
 * @throws RangeError if the shape has no axis
 */
export function matrixShape(shape: readonly number[]): { rows: number; columns: number } {
  const columns = shape.at(-1);
  if (columns === undefined)
    throw new RangeError('a kernel needs at least one axis, the last of which is its units');
  return { rows: shape.slice(0, -1).reduce((product, extent) => product * extent, 1), columns };
}

/** Magnitudes of the entries (weight) or norms of the columns (unit). */
export function scoresOf(
  weight: Float32Array,
  shape: readonly number[],
  granularity: Granularity,
): Float32Array {
  return granularity === 'unit' ? columnNorms(weight, shape) : magnitudes(weight);
}

/** `|w|` of each entry, same order as the weight. */
export function magnitudes(weight: Float32Array): Float32Array {
  return weight.map(Math.abs);
}

/**
 * L2 norm of each column. The squares are summed in double precision, so that the ranking does
 * not depend on the order of rows.
 *
 * @param shape of the weight; the last axis is the column
 * @returns `[columns]`
 */
export function columnNorms(weight: Float32Array, shape: readonly number[]): Float32Array {
  return Float32Array.from(
    sumColumns(weight, shape, (entry) => entry * entry),
    Math.sqrt,
  );
}

/**
 * Sum of each column, in double precision as in `columnNorms`.
 *
 * @param shape the last axis is the column
 * @returns `[columns]`
 */
export function columnSums(entries: Float32Array, shape: readonly number[]): Float32Array {
  return Float32Array.from(sumColumns(entries, shape, (entry) => entry));
}

function sumColumns(
  entries: Float32Array,
  shape: readonly number[],
  termOf: (entry: number) => number,
): Float64Array {
  const { columns } = matrixShape(shape);
  const sums = new Float64Array(columns);
  entries.forEach((entry, index) => {
    const column = index % columns;
    sums[column] = (sums[column] ?? 0) + termOf(entry);
  });
  return sums;
}

/**
 * How many of `count` ranked things a share stands for: floor(share · count). Shares are written in decimal, so 0.29 of
 * 100 counts as 29, although the product of these doubles lies just below.
 *
 * @param share 0 to 1
 */
export function countLowest(share: number, count: number): number {
  return Math.floor(share * count + 1e-9);
}
