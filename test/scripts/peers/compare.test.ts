/** @file Checks that the comparison of two results forgives rounding and nothing else. */

import { describe, expect, it } from 'vitest';
import { compareNumbers, compareStates } from '../../../scripts/peers/compare.ts';
import { toleranceOf } from '../../../scripts/peers/tolerances.ts';
import { WORKLOADS, type Workload } from '../../../scripts/peers/workloads.ts';
import type { NamedArrays } from '../../../src/arrays.ts';
import { fillNormal } from '../../../src/random/streams.ts';

const NO_ROLES = { averages: new Set<string>(), kernels: new Set<string>() };
const workload = { ...(WORKLOADS[0] as Workload), tolerance: 1e-3 };
const EXACT = toleranceOf(workload, 'float32');
const ROUNDED = toleranceOf(workload, 'bfloat16');

const before: NamedArrays = { kernel: Float32Array.of(3, 4), bias: Float32Array.of(1) };
/** The kernel moves by (0.03, 0.04), so by 0.05 in all. */
const expected: NamedArrays = { kernel: Float32Array.of(3.03, 4.04), bias: Float32Array.of(1) };

function compareKernels(...kernel: number[]) {
  const actual = { ...expected, kernel: Float32Array.of(...kernel) };
  return compareStates(before, actual, expected, NO_ROLES, EXACT);
}

describe('the comparison of states', () => {
  it('finds no difference where there is none', () => {
    expect(compareKernels(3.03, 4.04)).toEqual({ share: 0, where: 'nowhere' });
  });

  it('measures differences by the change of the array, and a little by the change of all and by rounding', () => {
    const { share, where } = compareKernels(3.03, 4.042);
    // Allowed: 1e-3 · 0.05, 5e-5 · 0.05 and 2^−23 · 5.05.
    expect(share).toBeCloseTo(0.002 / (5e-5 + 2.5e-6 + 6.02e-7), 1);
    expect(where).toBe('kernel');
  });

  it('refuses a step that is 1 % too long, although the weights agree to four digits', () => {
    expect(compareKernels(3.0303, 4.0404).share).toBeGreaterThan(9);
  });

  it('forgives the last bit', () => {
    expect(compareKernels(3.03 + 2 ** -22, 4.04).share).toBeLessThan(1);
  });

  it('refuses a change of what should have stayed', () => {
    const actual = { ...expected, bias: Float32Array.of(1.0001) };
    const { share, where } = compareStates(before, actual, expected, NO_ROLES, EXACT);
    expect(share).toBeGreaterThan(30);
    expect(where).toBe('bias');
  });

  it('tells an average of unbiased variances from one of biased ones', () => {
    const variance = 2;
    const count = 8192;
    const average = (sample: number): NamedArrays => ({
      'norm/variance': Float32Array.of(0.997 + 0.003 * sample),
    });
    const unbiased = average((variance * count) / (count - 1));
    const averages = new Set(['norm/variance']);
    const compareTo = (actual: NamedArrays) =>
      compareStates(
        { 'norm/variance': Float32Array.of(1) },
        actual,
        unbiased,
        { ...NO_ROLES, averages },
        EXACT,
      );
    expect(compareTo(average(variance)).share).toBeGreaterThan(1);
    expect(compareTo(unbiased).share).toBe(0);
  });

  it('allows momentum nothing for the size of the weights', () => {
    const name = 'optimizer/velocity/kernel';
    const small = (value: number): NamedArrays => ({ ...expected, [name]: Float32Array.of(value) });
    const { share, where } = compareStates(
      { ...before, [name]: Float32Array.of(0) },
      small(1.1e-6),
      small(1e-6),
      NO_ROLES,
      EXACT,
    );
    expect(share).toBeGreaterThan(90);
    expect(where).toBe(name);
  });

  it('takes what is not a number for the largest difference', () => {
    expect(compareKernels(Number.NaN, 4.04).share).toBe(Number.POSITIVE_INFINITY);
  });

  it('refuses arrays that are missing or of another length', () => {
    const missing: NamedArrays = { kernel: Float32Array.of(3.03, 4.04) };
    expect(() => compareStates(before, missing, expected, NO_ROLES, EXACT)).toThrow('"bias" has no numbers');
    expect(() => compareKernels(3.03)).toThrow('"kernel" has 1 numbers, expected 2');
  });
});

describe('the comparison of a step in bfloat16 with one in float32', () => {
  const COUNT = 10_000;
  const draw = (purpose: string): Float32Array => {
    const numbers = new Float32Array(COUNT);
    fillNormal({ seed: 1, purpose, index: 0 }, numbers);
    return numbers;
  };
  const weights = draw('weights');
  const change = draw('change');
  const errors = draw('errors');
  const roles = { averages: new Set<string>(), kernels: new Set(['kernel']) };
  const NAME = 'optimizer/velocity/kernel';

  /** Momentum from zero: the change, errors of this size and what else is added. */
  function compareMomentum(error: number, addition: (index: number) => number = () => 0) {
    const state = (momentum: Float32Array): NamedArrays => ({ kernel: weights, [NAME]: momentum });
    const actual = change.map((value, index) => value + error * (errors[index] ?? 0) + addition(index));
    return compareStates(state(new Float32Array(COUNT)), state(actual), state(change), roles, ROUNDED);
  }

  it('forgives errors without a direction, a fifth of the change and more', () => {
    expect(compareMomentum(0.2).share).toBeLessThan(1);
    expect(compareMomentum(0.25)).toMatchObject({ where: NAME });
    expect(compareMomentum(0.25).share).toBeGreaterThan(1);
  });

  it('refuses a step that is a tenth too long, although errors without a direction may be larger', () => {
    const { share, where } = compareMomentum(0.02, (index) => 0.1 * (change[index] ?? 0));
    expect(share).toBeCloseTo(1.6, 1);
    expect(where).toBe('the length of all momentum');
  });

  it('refuses a decay that is missing, although it is less than what rounding does', () => {
    const { share, where } = compareMomentum(0.02, (index) => 0.01 * (weights[index] ?? 0));
    expect(share).toBeGreaterThan(2);
    expect(where).toBe(`${NAME}, along the weights`);
  });

  it('looks for decay in kernels alone, and not in float32', () => {
    const moved = { kernel: weights.map((weight) => 1.00001 * weight) };
    const expected = { kernel: weights.map((weight, index) => weight + (change[index] ?? 0)) };
    const actual = {
      kernel: expected.kernel.map(
        (value, index) => value + (moved.kernel[index] ?? 0) - (weights[index] ?? 0),
      ),
    };
    const shareOf = (of: typeof roles, tolerance: typeof EXACT): number =>
      compareStates({ kernel: weights }, actual, expected, of, tolerance).share;
    expect(shareOf(roles, ROUNDED)).toBeGreaterThan(1);
    expect(shareOf({ ...roles, kernels: new Set() }, ROUNDED)).toBeLessThan(1);
    expect(shareOf(roles, EXACT)).toBeLessThan(1);
  });
});

describe('the comparison of numbers', () => {
  it('is a share of what is allowed', () => {
    const { share, where } = compareNumbers('loss', 2.0002, 2, 2e-4);
    expect(share).toBeCloseTo(1, 5);
    expect(where).toBe('loss');
  });

  it('takes what is not a number for the largest difference', () => {
    expect(compareNumbers('loss', Number.NaN, 2, 1e-4).share).toBe(Number.POSITIVE_INFINITY);
  });
});
