/** @file Targeted dropout by saliency: the moving average, the candidates and the importance, by hand and by differences. */

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { NamedArrays } from '../../../src/arrays.ts';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import type { Regularizer, WeightContext } from '../../../src/methods/types.ts';
import { createContext, denseSpec, prepare } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod, effectiveWeight, expectNumbers, valuesOf } from '../../support/methods.ts';
import { createNumbers } from '../../support/numbers.ts';
import { createTrainingCase, type TrainingCase } from '../../support/training-cases.ts';

beforeAll(useCpuBackend);

const SPEC = denseSpec(4, 2);
const weight = () => tf.tensor2d([1, -2, 3, -4, 5, -6, 7, -8], [4, 2]);

/** A prepared context with this saliency in which every candidate is dropped. */
function contextOf(method: Regularizer, saliency: readonly number[]): WeightContext {
  const context = createContext(method, SPEC, weight(), createNumbers(1));
  const state = { saliency: tf.tensor2d([...saliency], [4, 2]) };
  return prepare(method, { ...context, state });
}

const create = (granularity: 'weight' | 'unit', settings = {}) =>
  createMethod({ name: 'targeted-saliency', granularity, dropRate: 1, targetRate: 0.5, ...settings });

describe('the candidates', () => {
  it('of weights are those of lowest saliency in each column, whatever their magnitude', () => {
    const method = create('weight');
    const saliency = [0.4, 8, 0.1, 5, 0.3, 6, 0.2, 7];
    expect(effectiveWeight(method, contextOf(method, saliency))).toEqual([1, -2, 0, 0, 5, 0, 0, -8]);
  });

  it('of units are the columns of lowest sum of saliencies, not of lowest norm', () => {
    const method = create('unit');
    // Sums 1.2 and 1: the second is lower, although its norm is higher.
    const saliency = [0.3, 1, 0.3, 0, 0.3, 0, 0.3, 0];
    expect(effectiveWeight(method, contextOf(method, saliency))).toEqual([1, 0, 3, 0, 5, 0, 7, 0]);
  });

  it('are none before the first step', () => {
    const method = create('weight');
    expect(effectiveWeight(method, contextOf(method, new Array(8).fill(0)))).toEqual(valuesOf(weight()));
  });
});

describe('the moving average', () => {
  const gradient = () => tf.tensor2d([0.5, 0.5, -0.25, 0.25, 0.1, 0.1, 0, 0.125], [4, 2]);

  it('begins with |w · gradient|, then keeps its share of the old value', () => {
    const method = create('weight', { dropRate: 0.5, targetRate: 0, decay: 0.75 });
    const first = method.update?.(contextOf(method, new Array(8).fill(0)), gradient());
    expectNumbers(valuesOf(first?.saliency), [0.5, 1, 0.75, 1, 0.5, 0.6, 0, 1]);
    const next = method.update?.(contextOf(method, [1, 1, 1, 1, 2, 2, 2, 2]), gradient());
    expectNumbers(valuesOf(next?.saliency), [0.875, 1, 0.9375, 1, 1.625, 1.65, 1.5, 1.75]);
  });

  it('stays as it is where the entry is dropped', () => {
    const method = create('weight', { decay: 0.75 });
    const saliency = [4, 8, 1, 5, 3, 6, 2, 7];
    const after = method.update?.(contextOf(method, saliency), gradient());
    expectNumbers(valuesOf(after?.saliency), [
      0.75 * 4 + 0.25 * 0.5,
      0.75 * 8 + 0.25,
      1,
      5,
      0.75 * 3 + 0.25 * 0.5,
      6,
      2,
      0.75 * 7 + 0.25,
    ]);
  });
});

describe('pruning', () => {
  it.each(['weight', 'unit'] as const)('ranks by the saliency of method %s, at either granularity', (own) => {
    const method = create(own);
    const saliency = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const host = { spec: SPEC, weight: Float32Array.from(valuesOf(weight())), state: { saliency } };
    expect(method.importance?.(host, 'weight')).toEqual(saliency);
    expect(method.importance?.(host, 'unit')).toEqual(Float32Array.of(16, 20));
    expect(method.evaluationWeight).toBeUndefined();
  });
});

describe('in training', () => {
  /** Loss of the first step, its penalty apart, and the state after it. */
  async function takeFirstStep({ compiled, feedsOf }: TrainingCase, state: NamedArrays) {
    const program = await (await createReferenceEngine()).compile(compiled.step, compiled.signature);
    await program.writeState(state);
    const { loss } = await program.run(feedsOf(0));
    const after = await program.readState();
    program.dispose();
    return { loss: loss?.[0] ?? Number.NaN, after };
  }

  it('the first saliency is the magnitude of weight times slope of the loss, by finite differences', async () => {
    const training = createTrainingCase('mlp', { name: 'targeted-saliency', granularity: 'weight' });
    const kernel = training.state['dense2/kernel'] as Float32Array;
    const { after } = await takeFirstStep(training, training.state);
    const saliency = after['dense2/kernel/saliency'] as Float32Array;
    const step = 0.01;
    for (const index of [0, 7, 20, 33, 47]) {
      const lossAt = async (by: number) => {
        const shifted = kernel.with(index, (kernel[index] ?? 0) + by);
        return (await takeFirstStep(training, { ...training.state, 'dense2/kernel': shifted })).loss;
      };
      const slope = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
      expect(saliency[index]).toBeCloseTo(Math.abs((kernel[index] ?? 0) * slope), 3);
    }
    expect(Math.max(...saliency)).toBeGreaterThan(0.01);
  });

  it('products of weight and gradient cancel in a column before batch normalization; their magnitudes do not', async () => {
    const training = createTrainingCase(
      'resnet',
      { name: 'targeted-saliency', granularity: 'unit' },
      { optimizer: { name: 'sgd' }, learningRate: 1 },
    );
    const { after } = await takeFirstStep(training, training.state);
    // The first convolution of a residual unit: a batch normalization follows it, and nothing else.
    const spec = training.setup.model.prunable.find(({ name }) => name.endsWith('.conv1/kernel')) ?? SPEC;
    const [before = [], moved = [], saliency = []] = [
      training.state[spec.name],
      after[spec.name],
      after[`${spec.name}/saliency`],
    ].map((array) => [...(array as Float32Array)]);
    const columns = spec.shape.at(-1) ?? 1;
    // A step of plain descent at rate 1 moves a weight by its negative gradient.
    const sumOf = (column: number, terms: readonly number[]) =>
      terms.reduce((sum, term, index) => (index % columns === column ? sum + term : sum), 0);
    const products = before.map((value, index) => value * (value - (moved[index] ?? 0)));
    const [signed, magnitudes] = [Math.abs(sumOf(0, products)), sumOf(0, saliency)];
    expect(magnitudes).toBeCloseTo(sumOf(0, products.map(Math.abs)), 4);
    expect(signed).toBeLessThan(0.05 * magnitudes);
  });
});
