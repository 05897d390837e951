/** @file Which kernels reach a regularizer, and what the layers do with its parts. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { regularizedLayers } from '../../src/methods/layers.ts';
import type { Regularizer, WeightContext } from '../../src/methods/types.ts';
import { plainLayers } from '../../src/models/layers.ts';
import { createContext, denseSpec } from '../support/contexts.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import { createNumbers } from '../support/numbers.ts';

beforeAll(useCpuBackend);

const kernel = () => tf.tensor2d([1, 2, 3, 4], [2, 2]);
const parameters = () => ({
  'dense1/kernel': kernel(),
  'dense1/bias': tf.tensor1d([10, 20]),
  'logits/kernel': kernel(),
});
const input = () => tf.tensor2d([1, 1], [1, 2]);

function contextsOf(regularizer: Regularizer): Record<string, WeightContext> {
  const spec = denseSpec(2, 2);
  return { [spec.name]: createContext(regularizer, spec, kernel(), createNumbers(1)) };
}

function denseOutput(regularizer: Regularizer, layer: string): number[] {
  const layers = regularizedLayers(parameters(), regularizer, contextsOf(regularizer));
  return [...layers.dense(input(), layer).dataSync()];
}

describe('plain layers', () => {
  it('multiply by the kernel and add the bias, where there is one', () => {
    const layers = plainLayers(parameters(), false);
    expect([...layers.dense(input(), 'dense1').dataSync()]).toEqual([14, 26]);
    expect([...layers.dense(input(), 'logits').dataSync()]).toEqual([4, 6]);
    expect(layers.training).toBe(false);
  });

  it('convolve with the given stride and padding', () => {
    const ones = { 'conv1/kernel': tf.ones([3, 3, 1, 1]), 'conv1/bias': tf.tensor1d([0.5]) };
    const layers = plainLayers(ones, true);
    const image = tf.ones([1, 4, 4, 1]);
    const strided = layers.convolution(image, 'conv1', { stride: 2, padding: 'same' });
    // 3×3 windows at rows and columns 0 and 2; "same" pads below and to the right only.
    expect([...strided.dataSync()]).toEqual([9.5, 6.5, 6.5, 4.5]);
    const valid = layers.convolution(image, 'conv1', { stride: 1, padding: 'valid' });
    expect([...valid.dataSync()]).toEqual([9.5, 9.5, 9.5, 9.5]);
  });

  it('name a parameter that does not exist', () => {
    const layers = plainLayers(parameters(), false);
    expect(() => layers.parameter('dense2/kernel')).toThrow('the model has no parameter "dense2/kernel"');
    expect(() => layers.dense(input(), 'dense2')).toThrow('dense2/kernel');
    expect(() => layers.update('bn1/mean', tf.scalar(0))).toThrow('bn1/mean');
  });

  it('record updated averages', () => {
    const layers = plainLayers({ 'bn1/mean': tf.scalar(0) }, true);
    layers.update('bn1/mean', tf.scalar(7));
    expect(layers.updates['bn1/mean']?.dataSync()[0]).toBe(7);
  });
});

describe('regularized layers', () => {
  const doubling: Regularizer = { name: 'doubling', effectiveWeight: ({ weight }) => tf.mul(weight, 2) };

  it('use the effective weight of a prunable kernel and leave its bias alone', () => {
    expect(denseOutput(doubling, 'dense1')).toEqual([4 * 2 + 10, 6 * 2 + 20]);
  });

  it('leave every other kernel alone', () => {
    expect(denseOutput(doubling, 'logits')).toEqual([4, 6]);
  });

  it('hand the linear operation without its bias to a regularizer that replaces it', () => {
    const shifting: Regularizer = {
      name: 'shifting',
      linear: ({ weight }, x, apply) => tf.add(apply(tf.mul(x, 3), weight), 100),
    };
    expect(denseOutput(shifting, 'dense1')).toEqual([4 * 3 + 100 + 10, 6 * 3 + 100 + 20]);
  });

  it('use the weight itself where the regularizer changes nothing', () => {
    expect(denseOutput({ name: 'none' }, 'dense1')).toEqual([14, 26]);
  });
});
