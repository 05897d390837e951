/** @file The normal quantile against the distribution function. */
import { describe, expect, it } from 'vitest';
import { normalQuantile } from '../../src/random/quantile.ts';
import { normalDistribution } from './statistics.ts';

describe('normalQuantile', () => {
  it('inverts the normal distribution function', () => {
    for (let x = -5; x <= 5; x += 0.01) {
      expect(Math.abs(normalQuantile(normalDistribution(x)) - x)).toBeLessThan(1e-6);
    }
  });

  it('gives the values that Wichura published as a check', () => {
    expect(normalQuantile(0.25)).toBeCloseTo(-0.6744897501960817, 6);
    expect(normalQuantile(0.001)).toBeCloseTo(-3.090232306167814, 6);
  });

  it('is finite and symmetric over all that 32 bits can ask for', () => {
    const extreme = normalQuantile(0.5 * 2 ** -32);
    expect(extreme).toBeCloseTo(-6.337957754553789, 5);
    expect(normalQuantile(1 - 0.5 * 2 ** -32)).toBeCloseTo(-extreme, 4);
    expect(normalQuantile(0.5)).toBe(0);
  });
});
