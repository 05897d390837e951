/** @file The interval of a difference against a worked example. */
import { expect, it } from 'vitest';
import { differenceOf } from '../../scripts/difference.ts';

it('is that of Welch: 3.8333 ± 4.6101 on 4.944 degrees of freedom', () => {
  const difference = differenceOf([1, 2, 4, 7], [5, 9, 8]);
  expect(difference?.mean).toBeCloseTo(3.8333333, 6);
  expect(difference?.margin).toBeCloseTo(4.610121, 5);
});

it('has no interval where a side has one seed, and is none where a side has no seed', () => {
  expect(differenceOf([1, 2], [5])).toEqual({ mean: 3.5, margin: undefined });
  expect(differenceOf([], [5])).toBeUndefined();
});
