/** @file L0 regularization against the formulas of Louizos et al. in double precision, and against sampling. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Regularizer, WeightContext } from '../../../src/methods/types.ts';
import type { Granularity } from '../../../src/pruning/types.ts';
import { convolutionSpec, createContext, denseSpec, prepare, randomNormal } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod, effectiveWeight, expectNumbers, valuesOf } from '../../support/methods.ts';
import { createNumbers } from '../../support/numbers.ts';

beforeAll(useCpuBackend);

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const clip = (x: number): number => Math.min(1, Math.max(0, x));

/** Louizos et al. 2018, equations 10 and 11. */
function naiveGate(logOdds: number, u: number): number {
  return clip(sigmoid((Math.log(u) - Math.log(1 - u) + logOdds) / (2 / 3)) * 1.2 - 0.1);
}

/** Equation 12: probability of a gate that is not 0. */
const naiveOpen = (logOdds: number): number => sigmoid(logOdds - (2 / 3) * Math.log(0.1 / 1.1));

const create = (granularity: Granularity, coefficient = 2, dataCount = 8): Regularizer =>
  createMethod({ name: 'l0', granularity, coefficient, dataCount });

function contextOf(
  method: Regularizer,
  weight: tf.Tensor,
  logOdds: tf.Tensor,
  gate: tf.Tensor,
): WeightContext {
  const [inputs = 1, units = 1] = weight.shape;
  const context = createContext(method, denseSpec(inputs, units), weight, createNumbers(1));
  return prepare(method, { ...context, state: { logOdds }, noise: { gate } });
}

describe('the parts that a step must provide', () => {
  const spec = convolutionSpec([3, 3, 2, 5], 4);

  it.each([
    ['weight', [3, 3, 2, 5]],
    ['unit', [5]],
  ] as const)('are one gate and one uniform number for each %s', (granularity, shape) => {
    const method = create(granularity);
    expect(method.noise?.(spec, 16)).toEqual({ gate: { shape, distribution: 'uniform' } });
    const { logOdds } = method.extraState?.(spec) ?? {};
    expect(logOdds).toMatchObject({ shape, trainable: true, initializer: { kind: 'normal', sd: 0.01 } });
  });

  it('begin with gates of which a share of 0.001 is closed, in log-odds', () => {
    const { logOdds } = create('weight').extraState?.(spec) ?? {};
    const mean = logOdds?.initializer.kind === 'normal' ? logOdds.initializer.mean : Number.NaN;
    expect(sigmoid(mean)).toBeCloseTo(0.999, 12);
  });

  it('have the penalties of the paper as defaults', () => {
    for (const [granularity, lambda] of [
      ['weight', 0.1],
      ['unit', 0.01],
    ] as const) {
      const method = createMethod({ name: 'l0', granularity });
      const logOdds = tf.fill(granularity === 'weight' ? [1, 1] : [1], 50);
      const context = contextOf(method, tf.ones([1, 1]), logOdds, logOdds);
      expect(valuesOf(method.penalty?.(context))[0]).toBeCloseTo(lambda / 50_000, 10);
    }
  });
});

describe('the gates of a step', () => {
  it('are stretched, clipped concrete numbers that multiply the weight', () => {
    const [weight, logOdds] = [
      randomNormal([6, 4], createNumbers(1)),
      randomNormal([6, 4], createNumbers(2)),
    ];
    const gate = tf.tensor(createNumbers(3).uniform(24), [6, 4]);
    const method = create('weight');
    const [w, l, u] = [weight, logOdds, gate].map(valuesOf) as [number[], number[], number[]];
    const gates = l.map((value, index) => naiveGate(value, Number(u[index])));
    expect(gates.filter((value) => value === 0).length).toBeGreaterThan(0);
    expect(gates.filter((value) => value === 1).length).toBeGreaterThan(0);
    expectNumbers(
      effectiveWeight(method, contextOf(method, weight, logOdds, gate)),
      w.map((value, index) => value * Number(gates[index])),
    );
  });

  it('of units multiply whole columns', () => {
    const method = create('unit');
    const [logOdds, gate] = [tf.tensor1d([0.5, -3, 9]), tf.tensor1d([0.4, 0.2, 0.9])];
    const weight = tf.tensor2d([1, 2, 3, -4, -5, -6], [2, 3]);
    const first = naiveGate(0.5, 0.4);
    expectNumbers(effectiveWeight(method, contextOf(method, weight, logOdds, gate)), [
      first,
      0,
      3,
      -4 * first,
      0,
      -6,
    ]);
  });

  it('have the gradients of the formula, and none at all where they are clipped', () => {
    const method = create('weight');
    const numbers = createNumbers(4);
    const [weight, logOdds, slope] = [
      randomNormal([8, 5], numbers),
      randomNormal([8, 5], numbers),
      randomNormal([8, 5], numbers),
    ];
    const gate = tf.tensor(numbers.uniform(40), [8, 5]);
    const context = contextOf(method, weight, logOdds, gate);
    const [byWeight, byLogOdds] = tf.grads((w, l) =>
      tf.sum(
        tf.mul(
          slope,
          method.effectiveWeight?.({ ...context, weight: w, state: { logOdds: l } }) ?? tf.scalar(Number.NaN),
        ),
      ),
    )([weight, logOdds]);
    const [w, l, s, u] = [weight, logOdds, slope, gate].map(valuesOf) as [
      number[],
      number[],
      number[],
      number[],
    ];
    const h = 1e-6;
    const gateAt = (index: number, shift = 0) => naiveGate(Number(l[index]) + shift, Number(u[index]));
    const slopes = w.map((_, index) => (gateAt(index, h) - gateAt(index, -h)) / (2 * h));
    expect(slopes.filter((value) => value === 0).length).toBeGreaterThan(3);
    expectNumbers(
      valuesOf(byWeight),
      s.map((value, index) => value * gateAt(index)),
    );
    expectNumbers(
      valuesOf(byLogOdds),
      s.map((value, index) => value * Number(w[index]) * Number(slopes[index])),
      1e-4,
    );
    const clipped = slopes.flatMap((value, index) => (value === 0 ? [valuesOf(byLogOdds)[index]] : []));
    expect(new Set(clipped)).toEqual(new Set([0]));
  });

  it('stay finite, with finite gradients, at both ends of the noise', () => {
    const method = create('unit');
    const ends = tf.tensor1d([0, 1 - 2 ** -24]);
    const context = contextOf(method, tf.ones([1, 2]), tf.zeros([2]), ends);
    expect(effectiveWeight(method, context)).toEqual([0, 1]);
    const gradient = tf.grad((logOdds) =>
      tf.sum(method.effectiveWeight?.({ ...context, state: { logOdds } }) ?? logOdds),
    )(tf.zeros([2]));
    expect(valuesOf(gradient)).toEqual([0, 0]);
  });

  it('are open as often as the penalty counts', () => {
    const method = create('unit');
    const logOdds = [-2, -0.5, 1];
    const draws = 20_000;
    const uniform = tf.tensor(createNumbers(5).uniform(3 * draws), [draws, 3]);
    const context = { ...contextOf(method, tf.ones([1, 3]), tf.tensor1d(logOdds), tf.zeros([3])) };
    const sampled = method.effectiveWeight?.({
      ...context,
      prepared: method.prepare?.({ ...context, noise: { gate: uniform } }) ?? {},
    });
    const open = valuesOf(tf.mean(tf.cast(tf.greater(sampled ?? tf.scalar(0), 0), 'float32'), 0));
    open.forEach((share, index) => {
      const expected = naiveOpen(Number(logOdds[index]));
      const error = Math.sqrt((expected * (1 - expected)) / draws);
      expect(Math.abs(share - expected)).toBeLessThan(4 * error);
    });
  });
});

describe('the penalty', () => {
  const logOdds = [0.3, -1, 2, 0, 5, -4];

  it('is lambda times the expected number of open gates over the number of images', () => {
    const method = create('weight');
    const context = contextOf(method, tf.ones([2, 3]), tf.tensor2d(logOdds, [2, 3]), tf.fill([2, 3], 0.5));
    const expected = (2 / 8) * logOdds.reduce((sum, value) => sum + naiveOpen(value), 0);
    expect(valuesOf(method.penalty?.(context))[0]).toBeCloseTo(expected, 6);
  });

  it('counts every weight behind the gate of a unit', () => {
    const method = create('unit');
    const units = logOdds.slice(0, 3);
    const context = contextOf(method, tf.ones([7, 3]), tf.tensor1d(units), tf.fill([3], 0.5));
    const expected = (2 / 8) * 7 * units.reduce((sum, value) => sum + naiveOpen(value), 0);
    expect(valuesOf(method.penalty?.(context))[0]).toBeCloseTo(expected, 5);
    const gradient = tf.grad((l) => method.penalty?.({ ...context, state: { logOdds: l } }) ?? tf.scalar(0))(
      tf.tensor1d(units),
    );
    expectNumbers(
      valuesOf(gradient),
      units.map((value) => (2 / 8) * 7 * naiveOpen(value) * (1 - naiveOpen(value))),
    );
  });
});

describe('evaluation', () => {
  const gateOf = (logOdds: number): number => clip(sigmoid(logOdds) * 1.2 - 0.1);

  it('of weights multiplies each by its gate without noise, and ranks by log-odds even where gates are equal', () => {
    const host = {
      spec: denseSpec(2, 3),
      weight: Float32Array.of(1, -2, 3, 4, 5, -6),
      state: { logOdds: Float32Array.of(0, 9, 8, -9, -8, 0.5) },
    };
    const method = create('weight');
    const gates = [0.5, 1, 1, 0, 0, gateOf(0.5)];
    expectNumbers(method.evaluationWeight?.(host) ?? [], [0.5, -2, 3, 0, 0, -6 * gateOf(0.5)]);
    expect(gates.slice(0, 5)).toEqual([0, 9, 8, -9, -8].map(gateOf));
    expect([...(method.importance?.(host, 'weight') ?? [])]).toEqual([0, 9, 8, -9, -8, 0.5]);
    expectNumbers(method.importance?.(host, 'unit') ?? [], [0.5, 2, Math.hypot(3, 6 * gateOf(0.5))]);
  });

  it('of units multiplies columns, and ranks entries by the magnitude of what is left', () => {
    const host = {
      spec: denseSpec(2, 3),
      weight: Float32Array.of(1, -2, 3, 4, 5, -6),
      state: { logOdds: Float32Array.of(0, 9, -9) },
    };
    const method = create('unit');
    expectNumbers(method.evaluationWeight?.(host) ?? [], [0.5, -2, 0, 2, 5, 0]);
    expect([...(method.importance?.(host, 'unit') ?? [])]).toEqual([0, 9, -9]);
    expectNumbers(method.importance?.(host, 'weight') ?? [], [0.5, 2, 0, 2, 5, 0]);
  });
});
