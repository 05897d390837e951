/** @file Intervals of differences against worked examples. */
import { describe, expect, it } from 'vitest';
import { differenceOf, pairedDifferenceOf } from '../../scripts/difference.ts';

/** Student's sleep data (1908): hours gained by ten patients with each of two drugs. */
const FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
const SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

function intervalOf(difference: ReturnType<typeof differenceOf>): readonly [number, number] {
  const { mean, margin = Number.NaN } = difference ?? { mean: Number.NaN };
  return [mean - margin, mean + margin];
}

describe('the difference of two means', () => {
  it('is that of Welch: 3.8333 ± 4.6101 on 4.944 degrees of freedom', () => {
    const difference = differenceOf([1, 2, 4, 7], [5, 9, 8]);
    expect(difference?.mean).toBeCloseTo(3.8333333, 6);
    expect(difference?.margin).toBeCloseTo(4.610121, 5);
  });

  it('has the interval that R gives for the sleep data, t.test(extra ~ group)', () => {
    const [low, high] = intervalOf(differenceOf(FIRST, SECOND));
    expect(low).toBeCloseTo(-0.2054832, 6);
    expect(high).toBeCloseTo(3.3654832, 6);
  });

  it('has no interval where a side has one seed or neither scatters, and is none where a side has no seed', () => {
    expect(differenceOf([1, 2], [5])).toEqual({ mean: 3.5, margin: undefined });
    expect(differenceOf([10, 10], [12, 12])).toEqual({ mean: 2, margin: undefined });
    expect(differenceOf([], [5])).toBeUndefined();
  });
});

describe('the mean difference of pairs', () => {
  it('has the interval that R gives for the sleep data, paired', () => {
    const [low, high] = intervalOf(pairedDifferenceOf(FIRST, SECOND));
    expect(low).toBeCloseTo(0.7001142, 6);
    expect(high).toBeCloseTo(2.4598858, 6);
  });

  it('has no interval for one pair or where all pairs differ alike, and needs as many numbers on both sides', () => {
    expect(pairedDifferenceOf([1], [3])).toEqual({ mean: 2, margin: undefined });
    expect(pairedDifferenceOf([1, 2], [3, 4])).toEqual({ mean: 2, margin: undefined });
    expect(pairedDifferenceOf([], [])).toBeUndefined();
    expect(() => pairedDifferenceOf([1], [])).toThrow('as many');
  });
});
