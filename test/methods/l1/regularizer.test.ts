/** @file The L1 penalty: value, gradient, and what it leaves alone. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createL1 } from '../../../src/methods/l1/regularizer.ts';
import type { Regularizer } from '../../../src/methods/types.ts';
import { createModel } from '../../../src/models/registry.ts';
import { initialState } from '../../../src/training/initial-state.ts';
import { buildTrainingStep } from '../../../src/training/step.ts';
import { createContext, denseSpec } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod } from '../../support/methods.ts';
import { createNumbers } from '../../support/numbers.ts';
import { smallSettings } from '../../training/small-mnist.ts';

beforeAll(useCpuBackend);

function penaltyOf(method: Regularizer, weight: tf.Tensor): tf.Scalar {
  const context = createContext(method, denseSpec(2, 3), weight, createNumbers(1));
  return method.penalty?.(context) ?? tf.scalar(Number.NaN);
}

const weight = () => tf.tensor2d([1, -2, 3, 0, -0.5, 5.5], [2, 3]);

describe('the L1 penalty', () => {
  it('is beta times the mean magnitude, with gradient beta · sign(w) / n and 0 at 0', () => {
    const method = createL1({ name: 'l1', coefficient: 0.3, reduction: 'mean', kernels: 'prunable' });
    expect(penaltyOf(method, weight()).dataSync()[0]).toBeCloseTo((0.3 * 12) / 6, 6);
    const gradient = tf.grad((w) => penaltyOf(method, w))(weight());
    const expected = [1, -1, 1, 0, -1, 1].map((sign) => (0.3 * sign) / 6);
    expect([...gradient.dataSync()].every((value, i) => Math.abs(value - Number(expected[i])) < 1e-7)).toBe(
      true,
    );
  });

  it('is beta times the sum of magnitudes if asked for, with gradient beta · sign(w)', () => {
    const method = createL1({ name: 'l1', coefficient: 0.5, reduction: 'sum', kernels: 'prunable' });
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
    const method = createL1({ name: 'l1', coefficient: 0.1, reduction: 'mean', kernels: 'prunable' });
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

describe.each(['prunable', 'all'] as const)('the L1 penalty of a step on %s kernels', (kernels) => {
  it('is the sum over these layers of beta times the mean magnitude, and moves no other kernel', () => {
    const [learningRate, beta] = [0.5, 0.2];
    const schedule = { batchSize: 2, optimizer: { name: 'sgd' } } as const;
    const parsed = smallSettings({ model: { name: 'lenet', filters: [2, 3], widths: [4] }, schedule });
    const model = createModel(parsed.model, [13, 13, 1], 3);
    const takeStep = (coefficient: number) => {
      const regularizer = createL1({ name: 'l1', coefficient, reduction: 'mean', kernels });
      const setup = { model, regularizer, schedule: parsed.schedule };
      const { step, signature } = buildTrainingStep(setup);
      const before = initialState({ ...setup, signature, seed: 1 });
      const state = Object.fromEntries(
        Object.entries(before).map(([name, values]) => [
          name,
          tf.tensor(values as Float32Array, [...(signature.state[name]?.shape ?? [])]),
        ]),
      );
      const images = tf.tensor(createNumbers(3).normal(2 * 169), [2, 13, 13, 1]);
      const feeds = { images, labels: tf.tensor1d([0, 2], 'int32'), learningRate: tf.scalar(learningRate) };
      const after = step(state, feeds);
      return { before, after: after.state, penalty: after.fetches.penalty?.dataSync()[0] };
    };
    const [penalised, plain] = [takeStep(beta), takeStep(0)];
    const names = model.parameters.filter(({ role }) => role === 'kernel').map(({ name }) => name);
    expect(names).toEqual(['conv1/kernel', 'conv2/kernel', 'dense1/kernel', 'logits/kernel']);
    const own = kernels === 'all' ? names : names.slice(1, 3);
    const mean = (values: Float32Array) =>
      values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
    const expected = own.reduce((sum, name) => sum + beta * mean(penalised.before[name] as Float32Array), 0);
    expect(penalised.penalty).toBeCloseTo(expected, 5);
    for (const name of names) {
      const weights = penalised.before[name] as Float32Array;
      const pull = own.includes(name) ? (learningRate * beta) / weights.length : 0;
      const [moved, unmoved] = [penalised.after[name]?.dataSync(), plain.after[name]?.dataSync()];
      weights.forEach((weight, index) => {
        const difference = Number(moved?.[index]) - Number(unmoved?.[index]);
        expect(Math.abs(difference + pull * Math.sign(weight))).toBeLessThan(1e-6);
      });
    }
  });
});
