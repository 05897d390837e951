/** @file Student's t distribution against closed forms and tables. */
import { describe, expect, it } from 'vitest';
import { digamma, inverseTrigamma, studentQuantile, studentTail, trigamma } from '../../src/gate/student.ts';

/** Euler's constant. */
const GAMMA = 0.5772156649015329;

describe('the tail of the t distribution', () => {
  it.each([0, 1e-9, 0.3, 1, 4.7, 60, 1e4])(
    'is that of the Cauchy distribution with one degree of freedom, at %d',
    (t) => {
      expect(studentTail(t, 1)).toBeCloseTo((2 / Math.PI) * Math.atan2(1, t), 12);
      expect(studentTail(-t, 1)).toBe(studentTail(t, 1));
    },
  );

  it.each([0.2, 1, 5, 40])('has a closed form with two degrees of freedom, at %d', (t) => {
    expect(studentTail(t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 12);
  });

  it('agrees with printed tables of critical values', () => {
    // Two-sided 5 %, 1 % and 0.1 %.
    expect(studentQuantile(0.05, 4)).toBeCloseTo(2.776, 3);
    expect(studentQuantile(0.05, 9)).toBeCloseTo(2.262, 3);
    expect(studentQuantile(0.01, 12)).toBeCloseTo(3.055, 3);
    expect(studentQuantile(0.001, 30)).toBeCloseTo(3.646, 3);
    expect(studentQuantile(0.05, Number.POSITIVE_INFINITY)).toBeCloseTo(1.959964, 5);
    expect(studentQuantile(1e-4, Number.POSITIVE_INFINITY)).toBeCloseTo(3.890592, 5);
  });

  it('keeps its relative precision where it is tiny', () => {
    // With two degrees of freedom the tail falls as 1 / t².
    expect(studentTail(1e6, 2) / 1e-12).toBeCloseTo(1, 6);
  });

  it('and the quantile undo each other, for fractional degrees of freedom too', () => {
    for (const degrees of [0.7, 2.5, 11.3, 200])
      for (const tail of [0.9, 0.05, 1e-3, 1e-6])
        expect(studentTail(studentQuantile(tail, degrees), degrees) / tail).toBeCloseTo(1, 9);
  });
});

describe('the derivatives of the logarithm of the gamma function', () => {
  it('have their known values at 1/2, 1 and 10', () => {
    expect(digamma(1)).toBeCloseTo(-GAMMA, 12);
    expect(digamma(0.5)).toBeCloseTo(-GAMMA - 2 * Math.LN2, 12);
    const harmonic = Array.from({ length: 9 }, (_, index) => 1 / (index + 1)).reduce((a, b) => a + b);
    expect(digamma(10)).toBeCloseTo(harmonic - GAMMA, 12);
    expect(trigamma(1)).toBeCloseTo(Math.PI ** 2 / 6, 12);
    expect(trigamma(0.5)).toBeCloseTo(Math.PI ** 2 / 2, 12);
  });

  it('are those of finite differences', () => {
    for (const x of [0.3, 2.2, 11.9, 12.1, 80]) {
      const step = 1e-4;
      expect(trigamma(x)).toBeCloseTo((digamma(x + step) - digamma(x - step)) / (2 * step), 5);
    }
  });

  it('can be inverted', () => {
    for (const x of [0.05, 1, 3.3, 500]) expect(inverseTrigamma(trigamma(x)) / x).toBeCloseTo(1, 9);
  });
});
