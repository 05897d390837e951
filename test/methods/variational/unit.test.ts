/** @file Variational dropout with one variance a column, against the method with a variance a weight, and by hand. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { convolutionSpec, createContext, denseSpec, randomNormal } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod, expectNumbers, valuesOf } from '../../support/methods.ts';
import { createNumbers } from '../../support/numbers.ts';
import { naiveKl, naiveLogAlpha } from '../../support/variational-formulas.ts';

await useCpuBackend();

const settings = { name: 'variational', klScale: 1, dataCount: 1, warmupSteps: 0 } as const;
const unit = createMethod({ ...settings, granularity: 'unit' });
const weightwise = createMethod({ ...settings, granularity: 'weight' });

describe('training', () => {
  const numbers = createNumbers(2);
  const [rows, columns] = [4, 3];
  const weight = randomNormal([rows, columns], numbers);
  const logVariance = tf.tensor1d([-1, 0.5, -2]);
  const context = {
    ...createContext(unit, denseSpec(rows, columns), weight, numbers, { batchSize: 2 }),
    state: { logVariance },
  };

  it('has one log-variance for each column', () => {
    expect(unit.extraState?.(convolutionSpec([3, 3, 2, 5], 8))).toEqual({
      logVariance: { shape: [5], initializer: { kind: 'constant', value: -10 }, trainable: true },
    });
    expect(unit.noise?.(denseSpec(2, 5), 8)).toEqual(weightwise.noise?.(denseSpec(2, 5), 8));
  });

  it('samples outputs as if every weight of a column had its variance', () => {
    const x = randomNormal([2, rows], numbers);
    const apply = (a: tf.Tensor, kernel: tf.Tensor) => tf.matMul(a, kernel);
    const each = {
      ...context,
      state: { logVariance: tf.tile(tf.reshape(logVariance, [1, columns]), [rows, 1]) },
    };
    expectNumbers(valuesOf(unit.linear?.(context, x, apply)), valuesOf(weightwise.linear?.(each, x, apply)));
  });

  it('sums the KL divergence over weights, so that a column has the gradient of all of them', () => {
    const [w, v] = [valuesOf(weight), valuesOf(logVariance)];
    const klOf = (variances: readonly number[]) =>
      w.reduce(
        (sum, value, index) => sum + naiveKl(naiveLogAlpha(value, Number(variances[index % columns]))),
        0,
      );
    expect(Number(valuesOf(unit.penalty?.(context))[0])).toBeCloseTo(klOf(v), 4);
    const gradient = tf.grad(
      (l) => unit.penalty?.({ ...context, state: { logVariance: l } }) ?? tf.scalar(0),
    )(logVariance);
    const step = 1e-5;
    const slopes = v.map(
      (value, index) => (klOf(v.with(index, value + step)) - klOf(v.with(index, value - step))) / (2 * step),
    );
    expectNumbers(valuesOf(gradient), slopes, 1e-4);
  });
});

describe('evaluation', () => {
  // Mean squares 4, 1, 2.5: column log alphas 0 − log 4, 3 − 0, 4 − log 2.5.
  const host = {
    spec: denseSpec(2, 3),
    weight: Float32Array.of(2, -1, 2, -2, 1, 1),
    state: { logVariance: Float32Array.of(0, 2.9, 4) },
  };

  it('zeroes whole columns with log alpha at or above the threshold', () => {
    expect([...(unit.evaluationWeight?.(host) ?? [])]).toEqual([2, -1, 0, -2, 1, 0]);
    const strict = createMethod({ ...settings, granularity: 'unit', threshold: 2.5 });
    expect([...(strict.evaluationWeight?.(host) ?? [])]).toEqual([2, 0, 0, -2, 0, 0]);
  });

  it('ranks columns by −log alpha of their mean square, and entries by their own', () => {
    expectNumbers(unit.importance?.(host, 'unit') ?? [], [Math.log(4), -2.9, Math.log(2.5) - 4]);
    const ofEntries = [Math.log(4), -2.9, Math.log(4) - 4, Math.log(4), -2.9, -4];
    expectNumbers(unit.importance?.(host, 'weight') ?? [], ofEntries);
  });

  it("zeroes entry by entry and ranks units by norm as the paper's code does, if asked for", () => {
    const perEntry = createMethod({ ...settings, granularity: 'unit', perEntry: true });
    // The last column: log alpha 4 − log 4 = 2.6 stays, 4 − 0 goes.
    expect([...(perEntry.evaluationWeight?.(host) ?? [])]).toEqual([2, -1, 2, -2, 1, 0]);
    expectNumbers(perEntry.importance?.(host, 'unit') ?? [], [Math.sqrt(8), Math.sqrt(2), 2]);
  });
});
