/** @file Which entries or columns of a weight are the lowest, and the column view that all rankings share. */
import * as tf from '@tensorflow/tfjs';
import { countLowest } from './criteria.ts';

/** A share in [0, 1]: known while the step is built, or fed to it because it changes over training. */
export type Share = number | tf.Scalar;

/**
 * Marks, within each column, the entries whose magnitude is strictly below the value at index floor(share · n) of the
 * column's sorted magnitudes: exactly floor(share · n) of n entries when there are no ties (the candidates of
 * targeted weight dropout in the paper).
 *
 * @param weight `[…, columns]`
 * @param share 1 marks every entry
 * @returns booleans of the weight's shape
 */
export function lowestEntries(weight: tf.Tensor, share: Share): tf.Tensor {
  const magnitudes = tf.abs(weight);
  return selectLowest(magnitudes, tf.transpose(viewColumns(magnitudes)), share);
}

/**
 * Marks the columns whose L2 norm is strictly below the value at index floor(share · columns) of the layer's sorted
 * column norms (the candidates of targeted unit dropout in the paper).
 *
 * @param weight `[…, columns]`
 * @param share 1 marks every column
 * @returns booleans `[columns]`
 */
export function lowestColumns(weight: tf.Tensor, share: Share): tf.Tensor {
  // Squares rank as the norms do.
  const squaredNorms = tf.sum(tf.square(viewColumns(weight)), 0);
  return selectLowest(squaredNorms, squaredNorms, share);
}

/**
 * Marks the columns whose sum is among the lowest, as `lowestColumns` does by their norms.
 *
 * @param entries `[…, columns]`, not negative
 * @returns booleans `[columns]`
 */
export function lowestColumnSums(entries: tf.Tensor, share: Share): tf.Tensor {
  const sums = tf.sum(viewColumns(entries), 0);
  return selectLowest(sums, sums, share);
}

/**
 * Marks the entries whose magnitude is strictly below the value at index floor(share · n) of the sorted magnitudes of all
 * n entries.
 *
 * @returns booleans of the weight's shape
 */
export function lowestOfAll(weight: tf.Tensor, share: Share): tf.Tensor {
  const magnitudes = tf.abs(weight);
  return selectLowest(magnitudes, tf.reshape(magnitudes, [-1]), share);
}

/** `[…, columns] → [everything else, columns]` */
function viewColumns(weight: tf.Tensor): tf.Tensor {
  return tf.reshape(weight, [-1, weight.shape.at(-1) ?? 1]);
}

/**
 * Marks the scores strictly below the value at index floor(share · n) of the sort.
 *
 * @param scores not negative
 * @param ranked the scores arranged such that those ranked together lie along the last axis; the other axes broadcast
 *   against the last axes of `scores`
 */
export function selectLowest(scores: tf.Tensor, ranked: tf.Tensor, share: Share): tf.Tensor {
  const count = ranked.shape.at(-1) ?? 0;
  if (typeof share !== 'number') return selectFedShare(scores, ranked, share);
  const lowest = countLowest(share, count);
  // Past the end of the sorted scores there is no threshold, and all are below it.
  if (lowest === count) return tf.greaterEqual(scores, 0);
  return tf.less(scores, valueAtRank(ranked, lowest));
}

/** A share that changes needs a sort, since the number selected is part of a compiled selection. */
function selectFedShare(scores: tf.Tensor, ranked: tf.Tensor, share: tf.Scalar): tf.Tensor {
  const count = ranked.shape.at(-1) ?? 0;
  const lowest = countFedLowest(share, count);
  const downward = tf.cast(tf.relu(tf.sub(count - 1, lowest)), 'int32');
  // tfjs-node knows no axis that is counted from the end.
  const threshold = tf.gather(tf.topk(ranked, count, true).values, downward, ranked.rank - 1);
  return tf.logicalOr(tf.less(scores, threshold), tf.greaterEqual(lowest, count));
}

/**
 * floor(share · count) as a scalar. Single precision may put a product just below the whole number that it stands for,
 * by at most three roundings of `count`.
 */
function countFedLowest(share: tf.Scalar, count: number): tf.Scalar {
  return tf.floor(tf.add(tf.mul(share, count), count * 2 ** -22));
}

/** Value at this index of the ascending sort along the last axis: `[…, n] → […]`, 0 ≤ rank < n. */
function valueAtRank(values: tf.Tensor, rank: number): tf.Tensor {
  const upward = (values.shape.at(-1) ?? 0) - rank;
  const downward = rank + 1;
  // The cost of a selection grows with the number selected, so it is made from the nearer end.
  return upward <= downward
    ? tf.min(tf.topk(values, upward, false).values, -1)
    : tf.neg(tf.min(tf.topk(tf.neg(values), downward, false).values, -1));
}
