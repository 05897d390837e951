/** @file Removal of the lowest-ranked entries or columns of one kernel. */
import { countLowest, matrixShape } from './criteria.ts';
import type { Granularity } from './types.ts';

export interface PrunedWeight {
  /** A copy of the weight with the removed entries at 0. */
  readonly weight: Float32Array;
  /** Number of entries that were not removed. */
  readonly kept: number;
}

/**
 * Zeroes what ranks lowest: entries within each column (weight), or whole columns within the matrix (unit).
 * An entry or column goes if its score lies strictly below the value at index floor(rate · n) of the sorted scores
 * (the paper), so ties at the threshold stay, rate 0 removes nothing and rate 1 everything.
 *
 * @param weight row-major, of the given shape; left as it is
 * @param shape its last axis is the column
 * @param scores one per entry (weight) or one per column (unit); an entry whose score is NaN is never ranked and stays
 * @param rate share to remove, 0 to 1
 * @throws RangeError if the rate or one of the lengths does not fit
 */
export function pruneWeight(
  weight: Float32Array,
  shape: readonly number[],
  scores: Float32Array,
  granularity: Granularity,
  rate: number,
): PrunedWeight {
  const { rows, columns } = matrixShape(shape);
  requireLength('weight', weight.length, rows * columns);
  requireLength('scores', scores.length, granularity === 'unit' ? columns : rows * columns);
  if (!(rate >= 0 && rate <= 1))
    throw new RangeError(`prune rate ${rate} is outside its range, expected 0 to 1`);
  return granularity === 'unit'
    ? pruneColumns(weight, rows, columns, scores, rate)
    : pruneEntries(weight, rows, columns, scores, rate);
}

function pruneEntries(
  weight: Float32Array,
  rows: number,
  columns: number,
  scores: Float32Array,
  rate: number,
): PrunedWeight {
  const pruned = weight.slice();
  const columnScores = new Float32Array(rows);
  let kept = weight.length;
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) columnScores[row] = scores[row * columns + column] as number;
    const threshold = thresholdOf(columnScores, rate);
    for (let index = column; index < pruned.length; index += columns) {
      if (!((scores[index] as number) < threshold)) continue;
      pruned[index] = 0;
      kept--;
    }
  }
  return { weight: pruned, kept };
}

function pruneColumns(
  weight: Float32Array,
  rows: number,
  columns: number,
  scores: Float32Array,
  rate: number,
): PrunedWeight {
  const threshold = thresholdOf(scores.slice(), rate);
  const removed = scores.map((score) => (score < threshold ? 1 : 0));
  const removedCount = removed.reduce((sum, flag) => sum + flag, 0);
  return {
    weight: weight.map((entry, index) => (removed[index % columns] === 1 ? 0 : entry)),
    kept: rows * (columns - removedCount),
  };
}

/** The score below which things are removed. Sorts its argument. */
function thresholdOf(scores: Float32Array, rate: number): number {
  return scores.sort()[countLowest(rate, scores.length)] ?? Number.POSITIVE_INFINITY;
}

function requireLength(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new RangeError(`found ${actual} numbers of ${what}, expected ${expected}`);
}
