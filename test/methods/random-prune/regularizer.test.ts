/** @file Random pruning: a mask of exact size, fixed by the scores that were drawn, in training and in evaluation. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { magnitudes } from '../../../src/pruning/criteria.ts';
import { pruneWeight } from '../../../src/pruning/prune.ts';
import { convolutionSpec, createContext, denseSpec, prepare, randomNormal } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod, effectiveWeight, valuesOf } from '../../support/methods.ts';
import { dropsBelow } from '../../support/noise.ts';
import { createNumbers } from '../../support/numbers.ts';
import { createTrainingCase } from '../../support/training-cases.ts';

beforeAll(useCpuBackend);

const zeros = (values: readonly number[]): number => values.filter((value) => value === 0).length;

describe('the mask', () => {
  it('removes exactly floor(rate · n) entries of each column, whatever their magnitude', () => {
    const method = createMethod({ name: 'random-prune', granularity: 'weight', targetRate: 0.6 });
    const shape = [3, 3, 3, 4] as const;
    const kernel = randomNormal(shape, createNumbers(2));
    const values = effectiveWeight(
      method,
      createContext(method, convolutionSpec(shape, 3), kernel, createNumbers(9)),
    );
    for (let column = 0; column < 4; column++)
      expect(zeros(values.filter((_, index) => index % 4 === column))).toBe(16);
    const removed = valuesOf(tf.abs(kernel)).filter((_, index) => values[index] === 0);
    const kept = valuesOf(tf.abs(kernel)).filter((_, index) => values[index] !== 0);
    expect(Math.max(...removed)).toBeGreaterThan(Math.min(...kept));
  });

  it('goes by the lowest scores, by hand', () => {
    const method = createMethod({ name: 'random-prune', granularity: 'weight' });
    const context = createContext(method, denseSpec(4, 2), tf.ones([4, 2]), createNumbers(1));
    const scores = tf.tensor2d([0.1, 0.9, 0.4, 0.2, 0.3, 0.8, 0.7, 0.1], [4, 2]);
    expect(effectiveWeight(method, prepare(method, { ...context, state: { scores } }))).toEqual([
      0, 1, 1, 0, 0, 1, 1, 0,
    ]);
  });

  it('of units removes whole columns and leaves them without gradient', () => {
    const method = createMethod({ name: 'random-prune', granularity: 'unit' });
    const context = createContext(method, denseSpec(2, 4), tf.ones([2, 4]), createNumbers(1));
    const prepared = prepare(method, { ...context, state: { scores: tf.tensor1d([0.3, 0.9, 0.1, 0.5]) } });
    const gradient = tf.grad((w) => tf.sum(method.effectiveWeight?.({ ...prepared, weight: w }) ?? w))(
      prepared.weight,
    );
    expect(valuesOf(gradient)).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect(method.noise).toBeUndefined();
  });

  it('only makes candidates of what it removes if a drop rate is given', () => {
    const method = createMethod({ name: 'random-prune', granularity: 'unit', dropRate: 0.4 });
    expect(method.noise?.(denseSpec(2, 4), 8)).toEqual({
      drop: { shape: [4], distribution: 'bernoulli', probability: 0.4 },
    });
    const context = createContext(method, denseSpec(1, 4), tf.ones([1, 4]), createNumbers(1));
    const state = { scores: tf.tensor1d([0.3, 0.9, 0.1, 0.5]) };
    const noise = { drop: dropsBelow(0.4, [0.39, 0, 0.41, 0], [4]) };
    expect(effectiveWeight(method, prepare(method, { ...context, state, noise }))).toEqual([0, 1, 1, 1]);
  });
});

describe('a training', () => {
  it('changes neither the scores nor what they mask', async () => {
    const method = { name: 'random-prune', granularity: 'weight' } as const;
    const { compiled, state, feedsOf } = createTrainingCase('mlp', method, { learningRate: 0.05 });
    const program = await (await createReferenceEngine()).compile(compiled.step, compiled.signature);
    await program.writeState(state);
    for (let step = 0; step < 3; step++) await program.run(feedsOf(step));
    const after = await program.readState();
    program.dispose();
    expect(after['dense2/kernel/scores']).toEqual(state['dense2/kernel/scores']);
    const scores = state['dense2/kernel/scores'] as Float32Array;
    const mask = pruneWeight(new Float32Array(48).fill(1), [8, 6], scores, 'weight', 0.5).weight;
    const masked = (values: ArrayLike<number> | undefined) =>
      Array.from(values ?? []).filter((_, i) => mask[i] === 0);
    expect(masked(after['dense2/kernel'])).toEqual(masked(state['dense2/kernel']));
    expect(after['dense2/kernel']).not.toEqual(state['dense2/kernel']);
  });
});

describe('evaluation', () => {
  const weight = Float32Array.of(9, -1, 2, 8, -7, 3, 4, -6);
  const scores = Float32Array.of(0.1, 0.9, 0.4, 0.2, 0.3, 0.8, 0.7, 0.1);
  const method = createMethod({ name: 'random-prune', granularity: 'weight' });
  const host = { spec: denseSpec(4, 2), weight, state: { scores } };

  it('uses the masked weight, even if training dropped at random only', () => {
    const expected = [0, -1, 2, 0, 0, 3, 4, 0];
    expect([...(method.evaluationWeight?.(host) ?? [])]).toEqual(expected);
    const dropping = createMethod({ name: 'random-prune', granularity: 'weight', dropRate: 0.5 });
    expect([...(dropping.evaluationWeight?.(host) ?? [])]).toEqual(expected);
  });

  it('is pruned first where the mask is 0, then by magnitude', () => {
    const evaluated = method.evaluationWeight?.(host) ?? new Float32Array();
    const prunedAt = (rate: number) => [
      ...pruneWeight(evaluated, [4, 2], magnitudes(evaluated), 'weight', rate).weight,
    ];
    expect(prunedAt(0.5)).toEqual([0, -1, 2, 0, 0, 3, 4, 0]);
    expect(prunedAt(0.75)).toEqual([0, 0, 0, 0, 0, 3, 4, 0]);
    expect(method.importance).toBeUndefined();
  });
});
