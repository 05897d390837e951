/** @file The L1 penalty: value, gradient, and what it leaves alone. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createL1 } from '../../../src/methods/l1/regularizer.ts';
import type { Regularizer } from '../../../src/methods/types.ts';
import { createContext, denseSpec } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod } from '../../support/methods.ts';
import { createNumbers } from '../../support/numbers.ts';

beforeAll(useCpuBackend);

function penaltyOf(method: Regularizer, weight: tf.Tensor): tf.Scalar {
  const context = createContext(method, denseSpec(2, 3), weight, createNumbers(1));
  return method.penalty?.(context) ?? tf.scalar(Number.NaN);
}

const weight = () => tf.tensor2d([1, -2, 3, 0, -0.5, 5.5], [2, 3]);

describe('the L1 penalty', () => {
  it('is beta times the mean magnitude, with gradient beta · sign(w) / n and 0 at 0', () => {
    const method = createL1({ name: 'l1', coefficient: 0.3, reduction: 'mean' });
    expect(penaltyOf(method, weight()).dataSync()[0]).toBeCloseTo((0.3 * 12) / 6, 6);
    const gradient = tf.grad((w) => penaltyOf(method, w))(weight());
    const expected = [1, -1, 1, 0, -1, 1].map((sign) => (0.3 * sign) / 6);
    expect([...gradient.dataSync()].every((value, i) => Math.abs(value - Number(expected[i])) < 1e-7)).toBe(
      true,
    );
  });

  it('is beta times the sum of magnitudes if asked for, with gradient beta · sign(w)', () => {
    const method = createL1({ name: 'l1', coefficient: 0.5, reduction: 'sum' });
    expect(penaltyOf(method, weight()).dataSync()[0]).toBe(6);
    expect(
      [
        ...tf
          .grad((w) => penaltyOf(method, w))(weight())
          .dataSync(),
      ].map((value) => value + 0),
    ).toEqual([0.5, -0.5, 0.5, 0, -0.5, 0.5]);
  });

  it('leaves the forward pass, evaluation and weight decay as they are', () => {
    const method = createL1({ name: 'l1', coefficient: 0.1, reduction: 'mean' });
    expect(Object.keys(method).sort()).toEqual(['name', 'penalty']);
  });
});

describe.each(['targeted', 'ramping'] as const)('beside the method %s', (name) => {
  const create = (l1: number) => createMethod({ name, granularity: 'weight', l1 });

  it('the penalty is beta times the mean magnitude of the whole weight, dropped or not', () => {
    expect(penaltyOf(create(0.3), weight()).dataSync()[0]).toBeCloseTo((0.3 * 12) / 6, 6);
  });

  it('everything but the penalty stays, and without beta there is none', () => {
    expect(Object.keys(create(0.3)).filter((part) => part !== 'penalty')).toEqual(Object.keys(create(0)));
    expect(create(0).penalty).toBeUndefined();
  });
});
