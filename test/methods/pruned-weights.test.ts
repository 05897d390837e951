/** @file Checks the pruning of a whole network and its accounting against counts made by hand. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { prunedWeights } from '../../src/methods/pruned-weights.ts';
import { createTargeted } from '../../src/methods/targeted/regularizer.ts';
import type { Regularizer } from '../../src/methods/types.ts';
import { model, trainedState } from '../sweeps/network.ts';

const plain: Regularizer = { name: 'none' };
const gated: Regularizer = {
  name: 'gated',
  extraState: ({ shape }) => ({
    gate: { shape, trainable: true, initializer: { kind: 'constant', value: 1 } },
  }),
};

describe('prunedWeights', () => {
  it('prunes every prunable weight per column and nothing else', () => {
    const { parameters } = prunedWeights(model, plain, trainedState(), 'weight', 0.5);
    const { 'conv2/kernel': _, 'dense1/kernel': __, ...others } = trainedState();
    expect(parameters['conv2/kernel']).toEqual(Float32Array.of(0, 4, 2, 0));
    expect(parameters['dense1/kernel']).toEqual(Float32Array.of(8, 0, 0, 0, 3, 6, 0, 7));
    for (const name of ['conv1/kernel', 'norm2/scale', 'norm2/mean', 'dense1/bias', 'logits/kernel']) {
      expect(parameters[name]).toEqual(others[name]);
    }
  });

  it('names exactly the parameters of the model', () => {
    const { parameters } = prunedWeights(model, gated, trainedState(), 'weight', 0.5);
    expect(Object.keys(parameters)).toEqual(model.parameters.map(({ name }) => name));
  });

  it('prunes units within each layer, so that no layer loses more than its share', () => {
    const { parameters } = prunedWeights(model, plain, trainedState(), 'unit', 0.5);
    // Norms: sqrt(5) and 5; sqrt(78) and sqrt(126). Over both layers the convolution would lose both filters.
    expect(parameters['conv2/kernel']).toEqual(Float32Array.of(0, 4, 0, 3));
    expect(parameters['dense1/kernel']).toEqual(Float32Array.of(0, 4, 0, -5, 0, 6, 0, 7));
  });

  it('counts removed entries, parameters without running averages, and multiply-adds by output position', () => {
    const { accounting } = prunedWeights(model, plain, trainedState(), 'weight', 0.5);
    expect(accounting).toEqual({
      sparsity: 6 / 12,
      parametersTotal: 2 + 4 + 2 + 8 + 2 + 6,
      parametersKept: 24 - 6,
      multiplyAddsTotal: 4 * 9 + 8,
      multiplyAddsKept: 2 * 9 + 4,
    });
  });

  it('leaves the trained state as it is', () => {
    const state = trainedState();
    prunedWeights(model, plain, state, 'unit', 0.9);
    expect(state).toEqual(trainedState());
  });

  it('ranks by the importance of the method, which sees the trained weight and its extra state', () => {
    const byGate: Regularizer = { ...gated, importance: ({ state }) => state.gate as Float32Array };
    const { parameters } = prunedWeights(model, byGate, trainedState(), 'weight', 0.5);
    expect(parameters['conv2/kernel']).toEqual(Float32Array.of(1, 4, 0, 0));
    expect(parameters['dense1/kernel']).toEqual(Float32Array.of(0, 0, 0, 0, 3, 6, 2, 7));
  });

  it('counts what the evaluation weight of the method zeroes, even at rate 0', () => {
    const thresholded: Regularizer = {
      ...gated,
      evaluationWeight: ({ weight, state }) =>
        weight.map((w, index) => ((state.gate?.[index] ?? 0) > 7 ? 0 : w)),
    };
    const { parameters, accounting } = prunedWeights(model, thresholded, trainedState(), 'weight', 0);
    expect(parameters['conv2/kernel']).toEqual(Float32Array.of(0, 0, 2, 3));
    expect(accounting.sparsity).toBe(3 / 12);
    expect(accounting.parametersKept).toBe(21);
  });

  it('ranks by the magnitude of the evaluation weight where the method has no importance', () => {
    const scaled: Regularizer = {
      ...gated,
      evaluationWeight: ({ weight, state }) => weight.map((w, index) => w * (state.gate?.[index] ?? 0)),
    };
    // Columns of dense1 become (8, 3, 15, 14) and (8, -20, 36, 56); the trained first column would keep 8 and 3.
    const { parameters } = prunedWeights(model, scaled, trainedState(), 'weight', 0.5);
    expect(parameters['dense1/kernel']).toEqual(Float32Array.of(0, 0, 0, 0, 15, 36, 14, 56));
  });

  it('removes the candidates of the method first for the evaluation gamma, at its own granularity and rate', () => {
    const targeted = createTargeted({
      ...{ name: 'targeted', granularity: 'unit', dropRate: 0.5, targetRate: 0.5 },
      ...{ perEntry: false, l1: 0 },
    });
    const gamma = (rate: number) =>
      prunedWeights(model, targeted, trainedState(), 'weight', rate, 'gamma').parameters['dense1/kernel'];
    // Of columns (8, 1, 3, 2) and (4, -5, 6, 7) the first is the candidate, whatever is pruned after that.
    expect(gamma(0)).toEqual(Float32Array.of(0, 4, 0, -5, 0, 6, 0, 7));
    expect(gamma(0.5)).toEqual(Float32Array.of(0, 0, 0, 0, 0, 6, 0, 7));
    expect(prunedWeights(model, targeted, trainedState(), 'weight', 0, 'gamma').accounting.sparsity).toBe(
      0.5,
    );
    expect(prunedWeights(model, targeted, trainedState(), 'weight', 0, 'dense').accounting.sparsity).toBe(0);
  });

  it('prunes the trained weight by the ranking of the evaluation weight where the noise of training is kept', () => {
    const scaled: Regularizer = {
      ...gated,
      evaluationWeight: ({ weight, state }) => weight.map((w, index) => w * (state.gate?.[index] ?? 0)),
    };
    const { parameters } = prunedWeights(model, scaled, trainedState(), 'weight', 0.5, 'stochastic');
    expect(parameters['dense1/kernel']).toEqual(Float32Array.of(0, 0, 0, 0, 3, 6, 2, 7));
  });

  it('says which array a foreign state lacks or has in another size', () => {
    const { 'dense1/kernel': _, ...lacking } = trainedState();
    expect(() => prunedWeights(model, plain, lacking, 'weight', 0.5)).toThrow(
      new UserError('the trained state has no array "dense1/kernel", which the model needs'),
    );
    const resized = { ...trainedState(), 'dense1/bias': new Float32Array(3) };
    expect(() => prunedWeights(model, plain, resized, 'weight', 0.5)).toThrow(
      '3 numbers of "dense1/bias", expected 2',
    );
  });
});
