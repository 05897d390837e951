/** @file Checks importance scores against numbers worked out by hand. */
import { describe, expect, it } from 'vitest';
import { columnNorms, magnitudes, matrixShape } from '../../src/pruning/criteria.ts';

describe('criteria', () => {
  it('sees a convolution kernel as [height · width · in, filters]', () => {
    expect(matrixShape([5, 5, 20, 50])).toEqual({ rows: 500, columns: 50 });
    expect(matrixShape([784, 300])).toEqual({ rows: 784, columns: 300 });
    expect(() => matrixShape([])).toThrow(RangeError);
  });

  it('scores entries by magnitude and leaves the weight alone', () => {
    const weight = Float32Array.of(-2, 0.5, 0);
    expect([...magnitudes(weight)]).toEqual([2, 0.5, 0]);
    expect([...weight]).toEqual([-2, 0.5, 0]);
  });

  it('takes norms over columns, not rows', () => {
    // Columns (3, 4) and (0, -2); the rows would give 3 and sqrt(20).
    expect([...columnNorms(Float32Array.of(3, 0, 4, -2), [2, 2])]).toEqual([5, 2]);
  });

  it('takes the norm of a filter over height, width and input channels', () => {
    // Shape [1, 2, 2, 2]: filter 0 holds 1 1 3 5, filter 1 holds 2 4 4 8.
    const norms = columnNorms(Float32Array.of(1, 2, 1, 4, 3, 4, 5, 8), [1, 2, 2, 2]);
    expect([...norms]).toEqual([6, 10]);
  });
});
