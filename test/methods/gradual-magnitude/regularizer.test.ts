/** @file Gradual magnitude pruning: the cubic schedule, the masks it chooses, and how long they are kept. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../../src/config/schema.ts';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import type { Regularizer, WeightContext } from '../../../src/methods/types.ts';
import { Progress } from '../../../src/settings/training-time.ts';
import { createContext, denseSpec, prepare } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod, effectiveWeight, expectNumbers, valuesOf } from '../../support/methods.ts';
import { createNumbers } from '../../support/numbers.ts';
import { createTrainingCase } from '../../support/training-cases.ts';

beforeAll(useCpuBackend);

/** Masks at steps 10, 15, 20, 25 and 30. */
const SCHEDULE = { initialRate: 0.2, targetRate: 0.9, begin: 1, end: 3, every: '5it' } as const;

const create = (granularity: 'weight' | 'unit', settings = {}) =>
  createMethod({ name: 'gradual-magnitude', granularity, ...SCHEDULE, ...settings });

const at = (method: Regularizer, step: number) => method.scalars?.(new Progress(step, 10));

describe('the schedule', () => {
  it('rises from the initial to the target rate by a cubic law', () => {
    const method = create('weight');
    const rates = [10, 15, 20, 25, 30].map((step) => at(method, step)?.sparsity ?? Number.NaN);
    // s_f + (s_i − s_f) (1 − k/4)³ for k = 0 to 4.
    expectNumbers(rates, [0.2, 0.9 - 0.7 * 0.421875, 0.9 - 0.7 * 0.125, 0.9 - 0.7 * 0.015625, 0.9]);
  });

  it('chooses a mask at the steps that the settings name, and at no other', () => {
    const method = create('weight');
    const steps = Array.from({ length: 60 }, (_, step) => step);
    expect(steps.filter((step) => at(method, step)?.choosesMask === 1)).toEqual([10, 15, 20, 25, 30]);
  });

  it('ends with the last whole interval before the end, and reaches the target rate there', () => {
    const method = create('weight', { end: '28it' });
    const steps = Array.from({ length: 60 }, (_, step) => step);
    expect(steps.filter((step) => at(method, step)?.choosesMask === 1)).toEqual([10, 15, 20, 25]);
    expect(at(method, 25)?.sparsity).toBe(0.9);
  });

  it('removes all at once where there is no time for a second mask', () => {
    expect(at(create('weight', { end: 1 }), 10)).toEqual({ choosesMask: 1, sparsity: 0.9 });
  });

  it.each([
    [{ initialRate: 0.95 }, 'expected at most targetRate'],
    [{ begin: 4 }, 'expected no earlier than begin'],
    [{ begin: '9it', end: '8it' }, 'expected no earlier than begin'],
    [{ every: 0 }, 'expected more than nothing between two masks'],
    [{ every: '0it' }, 'expected more than nothing between two masks'],
  ])('refuses %o', (settings, message) => {
    const regularizer = { name: 'gradual-magnitude', granularity: 'weight', ...SCHEDULE, ...settings };
    expect(() => runSettingsSchema.parse({ regularizer })).toThrow(message);
  });
});

describe('a mask', () => {
  const weight = () => tf.tensor2d([0.5, -9, -4, 8, 3, 7, -2, -6], [4, 2]);

  function contextAt(method: Regularizer, step: number, mask?: tf.Tensor): WeightContext {
    const context = createContext(method, denseSpec(4, 2), weight(), createNumbers(1), { step });
    return mask === undefined ? context : prepare(method, { ...context, state: { mask } });
  }

  it('of weights removes the lowest magnitudes of the whole layer, whichever columns they lie in', () => {
    const method = create('weight', { initialRate: 0.5 });
    // All of the four lowest lie in the first column.
    expect(effectiveWeight(method, contextAt(method, 10))).toEqual([0, -9, 0, 8, 0, 7, 0, -6]);
  });

  it('of units removes the columns of lowest norm', () => {
    const method = create('unit', { initialRate: 0.5 });
    expect(effectiveWeight(method, contextAt(method, 10))).toEqual([0, -9, 0, 8, 0, 7, 0, -6]);
  });

  it('removes nothing before the first one is chosen', () => {
    const method = create('weight', { initialRate: 0.5 });
    expect(effectiveWeight(method, contextAt(method, 9))).toEqual(valuesOf(weight()));
  });

  it('is kept between two choices, and what it removes gets no gradient', () => {
    const method = create('weight');
    const mask = tf.tensor2d([1, 0, 1, 0, 1, 1, 1, 1], [4, 2]);
    const context = contextAt(method, 12, mask);
    expect(effectiveWeight(method, context)).toEqual([0.5, 0, -4, 0, 3, 7, -2, -6]);
    expect(valuesOf(method.update?.(context, weight()).mask)).toEqual(valuesOf(mask));
    const gradient = tf.grad((w) => tf.sum(method.effectiveWeight?.({ ...context, weight: w }) ?? w));
    expect(valuesOf(gradient(weight()))).toEqual(valuesOf(mask));
  });

  it('lets an entry return that has come to lie above others', () => {
    const method = create('weight', { initialRate: 0.5 });
    const mask = tf.tensor2d([1, 0, 1, 0, 1, 0, 1, 0], [4, 2]);
    expect(effectiveWeight(method, contextAt(method, 10, mask))).toEqual([0, -9, 0, 8, 0, 7, 0, -6]);
  });
});

describe.each(['weight', 'unit'] as const)('in training, by %s', (granularity) => {
  it('the share of zeros follows the schedule, and masks stay as they are between its points', async () => {
    const schedule = { initialRate: 0.25, targetRate: 0.8, begin: '1it', end: '5it', every: '2it' };
    const settings = { name: 'gradual-magnitude', granularity, ...schedule } as const;
    const { setup, compiled, state, feedsOf } = createTrainingCase('mlp', settings);
    const program = await (await createReferenceEngine()).compile(compiled.step, compiled.signature);
    await program.writeState(state);
    const spec = setup.model.prunable[1] ?? denseSpec(8, 6);
    expect(spec.name).toBe('dense2/kernel');
    // 8 inputs of 6 units; masks at steps 1, 3 and 5 at the rates 0.25, 0.73125 and 0.8.
    const parts = granularity === 'weight' ? 48 : 6;
    const rates = [0, 0.25, 0.25, 0.73125, 0.73125, 0.8, 0.8, 0.8];
    const kernels: string[] = [];
    const masks: string[] = [];
    for (const [step, rate] of rates.entries()) {
      await program.run(feedsOf(step));
      const after = await program.readState();
      const kernel = after['dense2/kernel'] as Float32Array;
      const mask = after['dense2/kernel/mask'] as Float32Array;
      const evaluated = setup.regularizer.evaluationWeight?.({ spec, weight: kernel, state: { mask } });
      const zeros = evaluated?.filter((value) => value === 0).length;
      expect(zeros, `step ${step}`).toBe(Math.floor(rate * parts) * (48 / parts));
      kernels.push(kernel.join());
      masks.push(mask.join());
    }
    program.dispose();
    expect(new Set(kernels).size).toBe(rates.length);
    expect([masks[2], masks[4], masks[6], masks[7]]).toEqual([masks[1], masks[3], masks[5], masks[5]]);
    expect(new Set(masks).size).toBe(4);
  });
});
