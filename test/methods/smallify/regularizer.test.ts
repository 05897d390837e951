/** @file Smallify: switches, their penalty, and the averages of their signs that turn them off, by hand. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import type { Regularizer, WeightContext } from '../../../src/methods/types.ts';
import { convolutionSpec, createContext, denseSpec } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod, effectiveWeight, expectNumbers, valuesOf } from '../../support/methods.ts';
import { createNumbers } from '../../support/numbers.ts';
import { createTrainingCase } from '../../support/training-cases.ts';

beforeAll(useCpuBackend);

/** Smallify does not look at it. */
const noGradient = () => tf.zeros([2, 3]);

const weight = () => tf.tensor2d([1, -2, 3, -4, 5, -6], [2, 3]);

function contextOf(method: Regularizer, state: Readonly<Record<string, number[]>>): WeightContext {
  const context = createContext(method, denseSpec(2, 3), weight(), createNumbers(1));
  const given = Object.entries(state).map(([name, values]) => [
    name,
    tf.tensor(values, context.state[name]?.shape ?? []),
  ]);
  return { ...context, state: { ...context.state, ...Object.fromEntries(given) } };
}

describe('the switches', () => {
  it.each([
    ['weight', [3, 3, 2, 5]],
    ['unit', [5]],
  ] as const)('are one for each %s, drawn from U(0, 1), all on and steady at first', (granularity, shape) => {
    const state = createMethod({ name: 'smallify', granularity }).extraState?.(
      convolutionSpec([3, 3, 2, 5], 4),
    );
    const constant = (value: number) => ({
      shape,
      trainable: false,
      initializer: { kind: 'constant', value },
    });
    expect(state).toEqual({
      switch: { shape, trainable: true, initializer: { kind: 'uniform', low: 0, high: 1 } },
      mask: constant(1),
      signMean: constant(1),
      signVariance: constant(0),
    });
  });

  it('multiply the weight, and get gradients only where they are on', () => {
    const method = createMethod({ name: 'smallify', granularity: 'unit' });
    const context = contextOf(method, { switch: [0.5, 2, -1], mask: [1, 0, 1] });
    expect(effectiveWeight(method, context)).toEqual([0.5, 0, -3, -2, 0, 6]);
    const [byWeight, bySwitch] = tf.grads((w, s) =>
      tf.sum(
        method.effectiveWeight?.({ ...context, weight: w, state: { ...context.state, switch: s } }) ?? w,
      ),
    )([weight(), tf.tensor1d([0.5, 2, -1])]);
    expect(valuesOf(byWeight)).toEqual([0.5, 0, -1, 0.5, 0, -1]);
    expect(valuesOf(bySwitch)).toEqual([-3, 0, -3]);
  });

  it('cost lambda · sum |switch|, with gradient lambda · sign, 0 at 0', () => {
    const method = createMethod({ name: 'smallify', granularity: 'unit', coefficient: 0.25 });
    const context = contextOf(method, { switch: [0.5, 0, -2] });
    expect(valuesOf(method.penalty?.(context))).toEqual([0.625]);
    const gradient = tf.grad((s) => method.penalty?.({ ...context, state: { switch: s } }) ?? tf.scalar(0))(
      tf.tensor1d([0.5, 0, -2]),
    );
    expect(valuesOf(gradient)).toEqual([0.25, 0, -0.25]);
  });

  it('cost 1e-5 each for weights and 1e-4 for units by default', () => {
    const penaltyOf = (granularity: 'weight' | 'unit') => {
      const method = createMethod({ name: 'smallify', granularity });
      const count = granularity === 'weight' ? 6 : 3;
      return Number(
        valuesOf(method.penalty?.(contextOf(method, { switch: Array<number>(count).fill(1) })))[0],
      );
    };
    expect(penaltyOf('weight')).toBeCloseTo(6e-5, 10);
    expect(penaltyOf('unit')).toBeCloseTo(3e-4, 10);
  });
});

describe('the signs of the switches', () => {
  /** The state of three switches of a unit method after steps at which they had these values. */
  function follow(values: readonly (readonly [number, number, number])[]) {
    const method = createMethod({ name: 'smallify', granularity: 'unit' });
    let context = contextOf(method, {});
    return values.map((value) => {
      const before = { ...context.state, switch: tf.tensor1d([...value]) };
      context = {
        ...context,
        state: { ...before, ...method.update?.({ ...context, state: before }, noGradient()) },
      };
      const { mask, signMean, signVariance } = context.state;
      return { mask: valuesOf(mask), mean: valuesOf(signMean), variance: valuesOf(signVariance) };
    });
  }

  it('move their averages by a tenth at each step', () => {
    // Once negative: s − m = −2, variance 0.1 · 4, mean 0.9 − 0.1; then back: s − m = 0.2.
    const [first, second] = follow([
      [1, -0.3, 0],
      [2, 0.3, 0],
    ]);
    expectNumbers(first?.variance ?? [], [0, 0.4, 0.1]);
    expectNumbers(first?.mean ?? [], [1, 0.8, 0.9]);
    expectNumbers(second?.variance ?? [], [0, 0.9 * 0.4 + 0.1 * 0.04, 0.9 * 0.1 + 0.1 * 0.81]);
    expectNumbers(second?.mean ?? [], [1, 0.82, 0.81]);
    expect(second?.mask).toEqual([1, 1, 1]);
  });

  it('turn a switch off when their variance reaches 0.5, and for good', () => {
    // Two steps below 0 in a row: 0.9 · 0.4 + 0.1 · 1.8² = 0.684.
    const history = follow([
      [1, -1, -1],
      [1, -1, 1],
      ...Array.from({ length: 40 }, (): [number, number, number] => [1, 1, 1]),
    ]);
    expect(history.slice(0, 3).map(({ mask }) => mask)).toEqual([
      [1, 1, 1],
      [1, 0, 1],
      [1, 0, 1],
    ]);
    const last = history.at(-1);
    expect(last?.variance[1]).toBeLessThan(0.1);
    expect(last?.mask).toEqual([1, 0, 1]);
  });

  it('are those before the step, and reach the next step of a training', async () => {
    // A penalty large enough to carry switches below 0.
    const method = { name: 'smallify', granularity: 'weight', coefficient: 0.5 } as const;
    const { compiled, state, feedsOf } = createTrainingCase('mlp', method, { learningRate: 0.1 });
    const program = await (await createReferenceEngine()).compile(compiled.step, compiled.signature);
    await program.writeState(state);
    const expected = new Map<number, { mask: number; mean: number; variance: number }>();
    for (let step = 0; step < 7; step++) {
      const before = (await program.readState())['dense1/kernel/switch'] ?? new Float32Array();
      before.forEach((value, index) => {
        const { mask, mean, variance } = expected.get(index) ?? { mask: 1, mean: 1, variance: 0 };
        const newVariance = 0.9 * variance + 0.1 * (Math.sign(value) - mean) ** 2;
        const newMask = newVariance < 0.5 ? mask : 0;
        expected.set(index, {
          mask: newMask,
          mean: 0.9 * mean + 0.1 * Math.sign(value),
          variance: newVariance,
        });
      });
      await program.run(feedsOf(step));
    }
    const after = await program.readState();
    program.dispose();
    const all = [...expected.values()];
    expect(all.some(({ mask }) => mask === 0)).toBe(true);
    expect(all.some(({ mask }) => mask === 1)).toBe(true);
    expectNumbers(
      after['dense1/kernel/mask'] ?? [],
      all.map(({ mask }) => mask),
    );
    expectNumbers(
      after['dense1/kernel/signMean'] ?? [],
      all.map(({ mean }) => mean),
    );
    expectNumbers(
      after['dense1/kernel/signVariance'] ?? [],
      all.map(({ variance }) => variance),
    );
  });
});

describe('evaluation', () => {
  it('uses weight · switch · mask, by whose magnitude or norm pruning ranks', () => {
    const weights = Float32Array.of(1, -2, 3, -4, 5, -6);
    const state = { signMean: new Float32Array(), signVariance: new Float32Array() };
    const units = createMethod({ name: 'smallify', granularity: 'unit' });
    const ofUnits = { switch: Float32Array.of(0.5, 2, -1), mask: Float32Array.of(1, 0, 1), ...state };
    const evaluated = units.evaluationWeight?.({ spec: denseSpec(2, 3), weight: weights, state: ofUnits });
    expect([...(evaluated ?? [])].map((value) => value + 0)).toEqual([0.5, 0, -3, -2, 0, 6]);

    const single = createMethod({ name: 'smallify', granularity: 'weight' });
    const ofWeights = {
      switch: Float32Array.of(1, 2, 3, 4, 5, 6),
      mask: Float32Array.of(0, 1, 1, 1, 1, 0),
      ...state,
    };
    const entries = single.evaluationWeight?.({ spec: denseSpec(2, 3), weight: weights, state: ofWeights });
    expect([...(entries ?? [])].map((value) => value + 0)).toEqual([0, -4, 9, -16, 25, 0]);
    // Without scores of its own, pruning takes those of the evaluation weight.
    expect(single.importance).toBeUndefined();
  });
});
