/** @file What cells of equal runs say of the scatter of others: nothing, whatever their accuracy. */
import { describe, expect, it } from 'vitest';
import { estimateSpreads } from '../../src/gate/spread.ts';

const cell = (baseline: readonly number[], fresh: readonly number[]) => ({
  baseline,
  fresh,
  testImages: 1000,
});
const SCATTERED = [
  cell([0.81, 0.83, 0.8], [0.82, 0.84, 0.79]),
  cell([0.71, 0.73, 0.7], [0.69, 0.74, 0.72]),
  cell([0.51, 0.53, 0.55], [0.5, 0.54, 0.52]),
];

describe('the scatter of a cell', () => {
  // The mean of three times the log-odds of 0.061 is off in its last digit, that of 0.058 is not.
  it.each([0.058, 0.061, 0.084, 0.085, 0.089])(
    'does not depend on a cell whose runs all have %f',
    (accuracy) => {
      const constant = cell([accuracy, accuracy, accuracy], [accuracy, accuracy, accuracy]);
      const variants = ['a', 'b', 'c', 'd'];
      const spreads = estimateSpreads([...SCATTERED, constant], variants).slice(0, 3);
      const others = estimateSpreads([...SCATTERED, cell([0.1, 0.1, 0.1], [0.1, 0.1, 0.1])], variants);
      expect(spreads).toEqual(others.slice(0, 3));
    },
  );
});
