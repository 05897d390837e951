/** @file Initializers against the closed forms of their distributions. */
import { describe, expect, it } from 'vitest';
import { initialize } from '../../src/random/initializers.ts';
import { centralMoment, mean, normalDistribution } from './statistics.ts';

const KEY = { seed: 3, purpose: 'initial/dense1/kernel', index: 0 };

describe('initialize', () => {
  it('fills with a constant', () => {
    expect(initialize({ kind: 'constant', value: 0.1 }, [3], KEY)).toEqual(new Float32Array([0.1, 0.1, 0.1]));
  });

  it('draws uniform numbers between low and high', () => {
    const values = initialize({ kind: 'uniform', low: -1, high: 3 }, [100_000], KEY);
    expect(Math.min(...values.subarray(0, 10_000))).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...values.subarray(0, 10_000))).toBeLessThan(3);
    expect(mean(values)).toBeCloseTo(1, 1);
    expect(centralMoment(values, 2) / (16 / 12)).toBeCloseTo(1, 1);
  });

  it('draws normal numbers with the mean and standard deviation asked for', () => {
    const values = initialize({ kind: 'normal', mean: -4, sd: 0.01 }, [100_000], KEY);
    expect(mean(values)).toBeCloseTo(-4, 3);
    expect(Math.sqrt(centralMoment(values, 2)) / 0.01).toBeCloseTo(1, 1);
  });

  it('keeps Glorot uniform within sqrt(6 / (fan in + fan out)) of a dense kernel, and fills it', () => {
    const values = initialize({ kind: 'glorotUniform' }, [784, 300], KEY);
    const limit = Math.sqrt(6 / 1084);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.9999 * limit);
    expect(centralMoment(values, 2) / (2 / 1084)).toBeCloseTo(1, 1);
  });

  it('counts the receptive field in both fans of a convolution', () => {
    const values = initialize({ kind: 'glorotUniform' }, [5, 5, 20, 50], KEY);
    const limit = Math.sqrt(6 / (25 * 20 + 25 * 50));
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest / limit).toBeGreaterThan(0.999);
    expect(largest / limit).toBeLessThanOrEqual(1);
  });

  it('gives Glorot normal its standard deviation after the cut at two of the wider normal', () => {
    const values = initialize({ kind: 'glorotNormal' }, [3, 3, 128, 128], KEY);
    const sd = Math.sqrt(2 / (9 * 256));
    // Variance of a standard normal cut at ±c: 1 − 2 c φ(c) / (2 Φ(c) − 1), here with c = 2.
    const within = 2 * normalDistribution(2) - 1;
    const cutSd = Math.sqrt(1 - (4 * Math.exp(-2)) / Math.sqrt(2 * Math.PI) / within);
    const count = values.length;
    expect(Math.abs(mean(values)) / sd).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.sqrt(centralMoment(values, 2)) / sd).toBeCloseTo(1, 2);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest / ((2 * sd) / cutSd)).toBeGreaterThan(0.999);
    expect(largest / ((2 * sd) / cutSd)).toBeLessThanOrEqual(1 + 1e-6);
  });

  it('refuses Glorot for an array without inputs and outputs', () => {
    expect(() => initialize({ kind: 'glorotNormal' }, [10], KEY)).toThrow(/\[…, in, out\], not \[10\]/);
  });

  it('gives each key its own values', () => {
    const other = { ...KEY, purpose: 'initial/dense2/kernel' };
    const initializer = { kind: 'glorotUniform' } as const;
    expect(initialize(initializer, [4, 4], KEY)).toEqual(initialize(initializer, [4, 4], KEY));
    expect(initialize(initializer, [4, 4], KEY)).not.toEqual(initialize(initializer, [4, 4], other));
  });
});
