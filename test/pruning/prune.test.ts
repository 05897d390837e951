/** @file Checks pruning against hand-worked matrices and an independent statement of the ranking. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnNorms, magnitudes, matrixShape } from '../../src/pruning/criteria.ts';
import { pruneWeight } from '../../src/pruning/prune.ts';
import type { Granularity } from '../../src/pruning/types.ts';

// Columns by magnitude: 0.1 0.4 0.5 0.9, then 3 2 1 4.
const MATRIX = Float32Array.of(0.9, -3, -0.1, 2, 0.5, 1, -0.4, 4);
const SHAPE = [4, 2];

function prune(weight: Float32Array, shape: readonly number[], granularity: Granularity, rate: number) {
  const scores = granularity === 'unit' ? columnNorms(weight, shape) : magnitudes(weight);
  return pruneWeight(weight, shape, scores, granularity, rate);
}

/** A kernel of whole numbers, so that ties are common, dense or convolutional. */
const kernel = fc
  .oneof(
    fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 6 })),
    fc.tuple(
      fc.constantFrom(1, 3),
      fc.constantFrom(1, 2),
      fc.constantFrom(1, 2),
      fc.integer({ min: 1, max: 5 }),
    ),
  )
  .chain((shape) => {
    const size = shape.reduce((product: number, extent) => product * extent, 1);
    return fc.record({
      shape: fc.constant([...shape]),
      weight: fc
        .array(fc.integer({ min: -4, max: 4 }), { minLength: size, maxLength: size })
        .map((entries) => Float32Array.from(entries, (entry) => entry || 5)),
    });
  });
const rate = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);

describe('weight pruning', () => {
  it('zeroes the smallest magnitudes of each column', () => {
    const { weight, kept } = prune(MATRIX, SHAPE, 'weight', 0.5);
    expect(weight).toEqual(Float32Array.of(0.9, -3, 0, 0, 0.5, 0, 0, 4));
    expect(kept).toBe(4);
  });

  it('rounds the number of removed entries down', () => {
    expect(prune(MATRIX, SHAPE, 'weight', 0.49).weight).toEqual(
      Float32Array.of(0.9, -3, 0, 2, 0.5, 0, -0.4, 4),
    );
  });

  it('removes nothing at rate 0 and all at rate 1', () => {
    expect(prune(MATRIX, SHAPE, 'weight', 0)).toEqual({ weight: MATRIX, kept: 8 });
    expect(prune(MATRIX, SHAPE, 'weight', 1)).toEqual({ weight: new Float32Array(8), kept: 0 });
  });

  it('keeps one in a hundred at rate 0.99', () => {
    const weight = Float32Array.from({ length: 300 }, (_, index) => index + 1);
    const pruned = prune(weight, [100, 3], 'weight', 0.99);
    expect(pruned.kept).toBe(3);
    expect([...pruned.weight.subarray(297)]).toEqual([298, 299, 300]);
  });

  it('removes 29 of 100 at rate 0.29, whose product in doubles is below 29', () => {
    const weight = Float32Array.from({ length: 100 }, (_, index) => index + 1);
    expect(prune(weight, [100, 1], 'weight', 0.29).kept).toBe(71);
  });

  it('keeps ties with the threshold, since only what lies strictly below it goes', () => {
    const weight = Float32Array.of(1, -2, 2, 2, 3);
    expect(prune(weight, [5, 1], 'weight', 0.4)).toEqual({
      weight: Float32Array.of(0, -2, 2, 2, 3),
      kept: 4,
    });
  });

  it('never removes what has no rank', () => {
    const scores = Float32Array.of(Number.NaN, 1, 2, 3);
    const { weight } = pruneWeight(Float32Array.of(5, 6, 7, 8), [4, 1], scores, 'weight', 0.5);
    expect(weight).toEqual(Float32Array.of(5, 0, 0, 8));
  });

  it('removes exactly the entries that at most floor(rate · n) of their column equal or underbid', () => {
    fc.assert(
      fc.property(kernel, rate, ({ shape, weight }, share) => {
        const { rows, columns } = matrixShape(shape);
        const removable = Math.floor((Math.round(share * 100) * rows) / 100);
        const expected = weight.map((entry, index) => {
          const column = weight.filter((_, other) => other % columns === index % columns);
          const notAbove = column.filter((other) => Math.abs(other) <= Math.abs(entry)).length;
          return notAbove <= removable ? 0 : entry;
        });
        const pruned = prune(weight, shape, 'weight', share);
        expect(pruned.weight).toEqual(expected);
        expect(pruned.kept).toBe(expected.filter((entry) => entry !== 0).length);
      }),
    );
  });

  it('removes equally many entries of every column where there are no ties', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 8 }),
        rate,
        (rows, columns, share) => {
          // Multiplication by 7 permutes residues of a prime, so no two magnitudes are equal.
          const weight = Float32Array.from({ length: rows * columns }, (_, index) => ((index * 7) % 251) + 1);
          const { weight: pruned } = prune(weight, [rows, columns], 'weight', share);
          const zeros = Array.from(
            { length: columns },
            (_, column) => pruned.filter((entry, index) => index % columns === column && entry === 0).length,
          );
          expect(new Set(zeros)).toEqual(new Set([Math.floor((Math.round(share * 100) * rows) / 100)]));
        },
      ),
    );
  });
});

describe('unit pruning', () => {
  it('zeroes whole columns of lowest norm, though they hold the largest entry of a row', () => {
    // Norms of the columns: 5, 3, sqrt(18).
    const weight = Float32Array.of(3, 3, 3, 4, 0, -3);
    expect(prune(weight, [2, 3], 'unit', 0.34)).toEqual({
      weight: Float32Array.of(3, 0, 3, 4, 0, -3),
      kept: 4,
    });
    expect(prune(weight, [2, 3], 'unit', 0.67)).toEqual({
      weight: Float32Array.of(3, 0, 0, 4, 0, 0),
      kept: 2,
    });
  });

  it('zeroes whole filters of a convolution', () => {
    // Shape [2, 1, 1, 2]: filters (1, -1) and (2, 2).
    const weight = Float32Array.of(1, 2, -1, 2);
    expect(prune(weight, [2, 1, 1, 2], 'unit', 0.5).weight).toEqual(Float32Array.of(0, 2, 0, 2));
  });

  it('removes nothing at rate 0, at too few columns for the rate, and between equal columns', () => {
    expect(prune(MATRIX, SHAPE, 'unit', 0)).toEqual({ weight: MATRIX, kept: 8 });
    expect(prune(MATRIX, SHAPE, 'unit', 0.49).kept).toBe(8);
    expect(prune(Float32Array.of(1, -1, 1, 1), [2, 2], 'unit', 0.5).kept).toBe(4);
  });
});

describe.each(['weight', 'unit'] as const)('%s pruning', (granularity) => {
  it('removes at a higher rate all that it removes at a lower one', () => {
    fc.assert(
      fc.property(kernel, rate, rate, ({ shape, weight }, a, b) => {
        const low = prune(weight, shape, granularity, Math.min(a, b)).weight;
        const high = prune(weight, shape, granularity, Math.max(a, b)).weight;
        expect(high.every((entry, index) => entry === 0 || entry === low[index])).toBe(true);
      }),
    );
  });

  it('leaves its arguments as they are', () => {
    const weight = MATRIX.slice();
    const scores = granularity === 'unit' ? Float32Array.of(2, 1) : magnitudes(weight);
    const before = scores.slice();
    pruneWeight(weight, SHAPE, scores, granularity, 0.5);
    expect(weight).toEqual(MATRIX);
    expect(scores).toEqual(before);
  });

  it('refuses rates outside [0, 1] and arrays that do not fit', () => {
    const scores = granularity === 'unit' ? Float32Array.of(2, 1) : magnitudes(MATRIX);
    for (const bad of [-0.1, 1.1, Number.NaN]) {
      expect(() => pruneWeight(MATRIX, SHAPE, scores, granularity, bad)).toThrow(RangeError);
    }
    expect(() => pruneWeight(MATRIX, [3, 2], scores, granularity, 0.5)).toThrow(
      'found 8 numbers of weight, expected 6',
    );
    expect(() => pruneWeight(MATRIX, SHAPE, scores.slice(1), granularity, 0.5)).toThrow('numbers of scores');
  });
});
