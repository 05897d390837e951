/** @file Histograms against counts by hand and against buckets computed from logarithms. */
import { describe, expect, it } from 'vitest';
import { histogramOf } from '../../../src/runs/events/histogram.ts';
import { createNumbers } from '../../support/numbers.ts';

describe('a histogram', () => {
  it('has the counts, the sum and the sum of squares that a hand finds', () => {
    const { bucketLimit, bucket, ...totals } = histogramOf(Float32Array.of(1, 1, -2, 0, 0.5, 0));
    expect(totals).toEqual({ min: -2, max: 1, num: 6, sum: 0.5, sumSquares: 6.25 });
    const filled = bucket.flatMap((count, index) => {
      return count > 0 ? [[bucketLimit[index - 1], bucketLimit[index], count]] : [];
    });
    // Limits are 10^-12 · 1.1^k: k = 289 and 290 about 1, 282 and 283 about 0.5, 297 and 298 about 2.
    const limit = (power: number) => 1e-12 * 1.1 ** power;
    expect(filled).toEqual([
      [expect.closeTo(-limit(298), 9), expect.closeTo(-limit(297), 9), 1],
      [0, 1e-12, 2],
      [expect.closeTo(limit(282), 9), expect.closeTo(limit(283), 9), 1],
      [expect.closeTo(limit(289), 9), expect.closeTo(limit(290), 9), 2],
    ]);
  });

  it('ends with the largest double, its limits rise, and no two empty buckets stand together', () => {
    const { bucketLimit, bucket } = histogramOf(createNumbers(5).normal(500));
    expect(bucketLimit.at(-1)).toBe(Number.MAX_VALUE);
    expect(bucketLimit.every((limit, index) => index === 0 || limit > (bucketLimit[index - 1] ?? 0))).toBe(
      true,
    );
    expect(bucket.some((count, index) => count === 0 && bucket[index + 1] === 0)).toBe(false);
    expect(bucket).toHaveLength(bucketLimit.length);
  });

  it('puts each number of many where its logarithm says, and counts each once', () => {
    const values = createNumbers(6).normal(2000);
    const { bucketLimit, bucket, num, sum, sumSquares } = histogramOf(values);
    expect(num).toBe(2000);
    expect(bucket.reduce((total, count) => total + count, 0)).toBe(2000);
    const expected = new Map<number, number>();
    for (const value of values) {
      // The bucket that begins at 10^-12 · 1.1^k, known by the logarithm of its middle.
      const power = Math.sign(value) * Math.floor(Math.log(Math.abs(value) / 1e-12) / Math.log(1.1));
      expected.set(power, (expected.get(power) ?? 0) + 1);
    }
    bucket.forEach((count, index) => {
      const [low = 0, high = 0] = [bucketLimit[index - 1], bucketLimit[index]];
      if (count === 0) return;
      const power = Math.sign(low) * Math.floor(Math.log(Math.abs((low + high) / 2) / 1e-12) / Math.log(1.1));
      expect(count, `bucket from ${low} to ${high}`).toBe(expected.get(power));
    });
    const [mean, square] = [sum / num, sumSquares / num];
    expect(Math.abs(mean)).toBeLessThan(0.1);
    expect(sum).toBeCloseTo(
      [...values].toSorted().reduce((total, value) => total + value, 0),
      9,
    );
    expect(square - mean ** 2).toBeCloseTo(1, 1);
  });

  it('of zeros is one bucket that begins at zero', () => {
    const { bucketLimit, bucket, sumSquares } = histogramOf(new Float32Array(7));
    expect(bucket.indexOf(7)).toBe(bucketLimit.indexOf(1e-12));
    expect(sumSquares).toBe(0);
  });

  it('leaves out what is no number, and holds the largest that is one', () => {
    const largest = Math.fround(3.4e38);
    const { num, bucket, max } = histogramOf(Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, largest));
    expect([num, max, bucket.at(-1)]).toEqual([1, largest, 1]);
  });
});
