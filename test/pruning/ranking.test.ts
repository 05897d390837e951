/** @file Which entries and columns are the lowest, by hand and against a full sort. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { lowestColumns, lowestEntries } from '../../src/pruning/ranking.ts';
import { randomNormal } from '../support/contexts.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import { createNumbers } from '../support/numbers.ts';

beforeAll(useCpuBackend);

const bits = (marks: tf.Tensor): number[] => [...marks.dataSync()].map(Number);

describe('the lowest entries', () => {
  const weight = () =>
    tf.tensor2d([
      [0.1, -9],
      [-0.4, 8],
      [0.3, 7],
      [-0.2, -6],
    ]);

  it('are ranked by magnitude within each column, whatever the size of the other columns', () => {
    expect(bits(lowestEntries(weight(), 0.5))).toEqual([1, 0, 0, 0, 0, 1, 1, 1]);
    expect(bits(lowestEntries(weight(), 0.25))).toEqual([1, 0, 0, 0, 0, 0, 0, 1]);
    expect(bits(lowestEntries(weight(), 0.75))).toEqual([1, 0, 0, 1, 1, 1, 1, 1]);
  });

  it('are none at share 0 and all at share 1', () => {
    expect(bits(lowestEntries(weight(), 0))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(bits(lowestEntries(weight(), 0.24))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(bits(lowestEntries(weight(), 1))).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(bits(lowestEntries(tf.zeros([2, 2]), 1))).toEqual([1, 1, 1, 1]);
  });

  it('are strictly below the threshold, so that a tie with it is not among them', () => {
    const tied = tf.tensor2d([[1], [-2], [2], [3]]);
    // Sorted magnitudes 1 2 2 3: index 2 holds 2, and only 1 is strictly below.
    expect(bits(lowestEntries(tied, 0.5))).toEqual([1, 0, 0, 0]);
    expect(bits(lowestEntries(tied, 0.75))).toEqual([1, 1, 1, 0]);
    expect(bits(lowestEntries(tf.ones([4, 1]), 0.75))).toEqual([0, 0, 0, 0]);
  });

  it('are 29 of 100 at share 0.29, though the product of these doubles is below 29', () => {
    const marks = lowestEntries(randomNormal([100, 1], createNumbers(6)), 0.29);
    expect(bits(marks).reduce((sum, bit) => sum + bit, 0)).toBe(29);
  });

  it('of a convolution are ranked within each filter', () => {
    const filters = tf.tensor4d([4, 10, 3, 20, 2, 40, 1, 30], [2, 2, 1, 2]);
    expect(bits(lowestEntries(filters, 0.5))).toEqual([0, 1, 0, 1, 1, 0, 1, 0]);
  });

  it.each([0.1, 0.33, 0.5, 0.66, 0.9, 0.99])('agree with a full sort at share %d', (share) => {
    const [height, inputs, columns] = [3, 7, 4];
    const entries = height * height * inputs;
    const values = randomNormal([height, height, inputs, columns], createNumbers(5));
    const magnitudes = [...values.dataSync()].map(Math.abs);
    const expected = magnitudes.map((magnitude, index) => {
      const column = magnitudes.filter((_, other) => other % columns === index % columns);
      return magnitude < Number(column.sort((a, b) => a - b)[Math.floor(share * entries)]) ? 1 : 0;
    });
    const marks = lowestEntries(values, share);
    expect(marks.shape).toEqual(values.shape);
    expect(bits(marks)).toEqual(expected);
    const perColumn = [...tf.sum(tf.cast(tf.reshape(marks, [-1, columns]), 'int32'), 0).dataSync()];
    expect(perColumn).toEqual(new Array(columns).fill(Math.floor(share * entries)));
  });
});

describe('the lowest columns', () => {
  // Norms 5, 13, 1, 5.1.
  const weight = () =>
    tf.tensor2d([
      [3, 5, 1, 5.1],
      [-4, 12, 0, 0],
    ]);

  it('are ranked by L2 norm within the matrix', () => {
    expect(bits(lowestColumns(weight(), 0.25))).toEqual([0, 0, 1, 0]);
    expect(bits(lowestColumns(weight(), 0.5))).toEqual([1, 0, 1, 0]);
    expect(bits(lowestColumns(weight(), 0.75))).toEqual([1, 0, 1, 1]);
  });

  it('are none at share 0, all at share 1, and strictly below the threshold', () => {
    expect(bits(lowestColumns(weight(), 0))).toEqual([0, 0, 0, 0]);
    expect(bits(lowestColumns(weight(), 1))).toEqual([1, 1, 1, 1]);
    // Norms 5, 5, 1: index 1 holds 5.
    const tied = tf.tensor2d([3, 5, 1, -4, 0, 0], [2, 3]);
    expect(bits(lowestColumns(tied, 0.34))).toEqual([0, 0, 1]);
    expect(bits(lowestColumns(tied, 0.67))).toEqual([0, 0, 1]);
  });

  it('of a convolution are filters', () => {
    const filters = tf.tensor4d([4, 10, 3, 20, 2, 40, 1, 30], [2, 2, 1, 2]);
    expect(bits(lowestColumns(filters, 0.5))).toEqual([1, 0]);
  });
});

describe('a share that is fed', () => {
  it('marks what the same share marks when it is known beforehand', () => {
    const weight = randomNormal([3, 3, 11, 5], createNumbers(8));
    for (const share of [0, 0.001, 0.01, 0.29, 0.33, 0.5, 0.66, 0.75, 0.9, 0.95, 0.98, 0.99, 1]) {
      expect(bits(lowestEntries(weight, tf.scalar(share)))).toEqual(bits(lowestEntries(weight, share)));
      expect(bits(lowestColumns(weight, tf.scalar(share)))).toEqual(bits(lowestColumns(weight, share)));
    }
  });

  it('marks floor(share · n) entries for every decimal share, though single precision holds none of them', () => {
    for (const entries of [7, 100, 128, 300, 1152]) {
      const weight = randomNormal([entries, 1], createNumbers(entries));
      for (let hundredths = 0; hundredths <= 100; hundredths += entries > 1000 ? 9 : 1) {
        const marked = tf.sum(tf.cast(lowestEntries(weight, tf.scalar(hundredths / 100)), 'int32'));
        expect([entries, hundredths, marked.dataSync()[0]]).toEqual([
          entries,
          hundredths,
          Math.floor((hundredths * entries) / 100),
        ]);
      }
    }
  });

  it('leaves ties with the threshold unmarked, but marks all at share 1', () => {
    const tied = tf.tensor2d([[1], [-2], [2], [3]]);
    expect(bits(lowestEntries(tied, tf.scalar(0.5)))).toEqual([1, 0, 0, 0]);
    expect(bits(lowestEntries(tf.ones([4, 1]), tf.scalar(0.75)))).toEqual([0, 0, 0, 0]);
    expect(bits(lowestEntries(tf.ones([4, 1]), tf.scalar(1)))).toEqual([1, 1, 1, 1]);
    expect(bits(lowestColumns(tf.zeros([2, 3]), tf.scalar(1)))).toEqual([1, 1, 1]);
  });
});
