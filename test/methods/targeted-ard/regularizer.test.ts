/** @file Targeted-ARD: which inputs are the least relevant, what is dropped of them, and where gradients flow. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Regularizer } from '../../../src/methods/types.ts';
import type { PrunableWeight } from '../../../src/models/types.ts';
import { convolutionSpec, createContext, denseSpec, randomNormal } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { createMethod, expectNumbers, valuesOf } from '../../support/methods.ts';
import { dropsBelow } from '../../support/noise.ts';
import { createNumbers } from '../../support/numbers.ts';

beforeAll(useCpuBackend);

/** The kernel with which the layer's operation is called. */
function kernelUsed(
  method: Regularizer,
  spec: PrunableWeight,
  weight: tf.Tensor,
  x: tf.Tensor,
  drop: tf.Tensor,
): number[] {
  const context = { ...createContext(method, spec, weight, createNumbers(1)), noise: { drop } };
  let used: number[] = [];
  method.linear?.(context, x, (_, kernel) => {
    used = valuesOf(kernel);
    return tf.scalar(0);
  });
  return used;
}

describe('the candidates', () => {
  // Norms of the rows: 5, 1, 10, 2.
  const weight = () => tf.tensor2d([3, -4, 1, 0, 6, 8, 0, 2], [4, 2]);
  const method = createMethod({ name: 'targeted-ard', dropRate: 1 });

  it('are the inputs of lowest weight norm times mean |activation|', () => {
    // Mean |activations| 1, 8, 0.1, 3: relevances 5, 8, 1, 6.
    const x = tf.tensor2d([2, -8, 0.1, 3, 0, 8, -0.1, -3], [2, 4]);
    expect(kernelUsed(method, denseSpec(4, 2), weight(), x, tf.ones([4, 2], 'bool'))).toEqual([
      0, 0, 1, 0, 0, 0, 0, 2,
    ]);
    // With equal activations the norms alone decide: inputs 1 and 3.
    const equal = tf.ones([2, 4]);
    expect(kernelUsed(method, denseSpec(4, 2), weight(), equal, tf.ones([4, 2], 'bool'))).toEqual([
      3, -4, 0, 0, 6, 8, 0, 0,
    ]);
  });

  it('of a convolution are channels, over all their weights, images and positions', () => {
    const [height, inputs, outputs] = [3, 5, 4];
    const numbers = createNumbers(3);
    const shape = [height, height, inputs, outputs] as const;
    const kernel = randomNormal(shape, numbers);
    const x = randomNormal([2, 4, 4, inputs], numbers);
    const relevances = Array.from({ length: inputs }, (_, channel) => {
      const own = valuesOf(kernel).filter((_, index) => Math.floor(index / outputs) % inputs === channel);
      const activations = valuesOf(x).filter((_, index) => index % inputs === channel);
      const mean = activations.reduce((sum, value) => sum + Math.abs(value), 0) / activations.length;
      return Math.hypot(...own) * mean;
    });
    const threshold = Number([...relevances].sort((a, b) => a - b)[2]);
    const expected = valuesOf(kernel).map((value, index) =>
      Number(relevances[Math.floor(index / outputs) % inputs]) < threshold ? 0 : value,
    );
    const used = kernelUsed(method, convolutionSpec(shape, 4), kernel, x, tf.ones([...shape], 'bool'));
    expect(used).toEqual(expected);
    expect(used.filter((value) => value === 0)).toHaveLength(2 * 9 * outputs);
  });
});

describe('what is dropped', () => {
  const weight = () => tf.tensor2d([3, -4, 1, 1, 6, 8, 1, 2], [4, 2]);
  const x = () => tf.ones([2, 4]);

  it("is drawn weight by weight, with the rates of the paper's code", () => {
    const method = createMethod({ name: 'targeted-ard' });
    expect(method.noise?.(denseSpec(4, 2), 8)).toEqual({
      drop: { shape: [4, 2], distribution: 'bernoulli', probability: 0.25 },
    });
    const drop = dropsBelow(0.25, [0, 0, 0.24, 0.26, 0, 0, 0.5, 0.1], [4, 2]);
    expect(kernelUsed(method, denseSpec(4, 2), weight(), x(), drop)).toEqual([3, -4, 0, 1, 6, 8, 1, 0]);
  });

  it('is an input as a whole if asked for', () => {
    const method = createMethod({ name: 'targeted-ard', perEntry: false });
    expect(method.noise?.(denseSpec(4, 2), 8)).toEqual({
      drop: { shape: [4, 1], distribution: 'bernoulli', probability: 0.25 },
    });
    const drop = dropsBelow(0.25, [0, 0.2, 0, 0.3], [4, 1]);
    expect(kernelUsed(method, denseSpec(4, 2), weight(), x(), drop)).toEqual([3, -4, 0, 0, 6, 8, 1, 2]);
  });

  it('gets no gradient; the rest gets that of the layer, and the ranking gives none to inputs or weights', () => {
    const method = createMethod({ name: 'targeted-ard', dropRate: 0.5 });
    const numbers = createNumbers(6);
    const [kernel, input, slope] = [
      randomNormal([6, 3], numbers),
      randomNormal([4, 6], numbers),
      randomNormal([4, 3], numbers),
    ];
    const drop = dropsBelow(0.5, [...numbers.uniform(18)], [6, 3]);
    const context = { ...createContext(method, denseSpec(6, 3), kernel, numbers), noise: { drop } };
    const used = tf.tensor2d(kernelUsed(method, denseSpec(6, 3), kernel, input, drop), [6, 3]);
    const mask = tf.cast(tf.notEqual(used, 0), 'float32');
    expect(valuesOf(tf.sum(mask))[0]).toBeLessThan(18);
    const [byInput, byKernel] = tf.grads((a, w) =>
      tf.sum(tf.mul(slope, method.linear?.({ ...context, weight: w }, a, (b, k) => tf.matMul(b, k)) ?? a)),
    )([input, kernel]);
    // d/dx = slope · kernelᵀ, d/dw = xᵀ · slope where the mask is 1.
    expectNumbers(valuesOf(byInput), valuesOf(tf.matMul(slope, used, false, true)));
    expectNumbers(valuesOf(byKernel), valuesOf(tf.mul(tf.matMul(input, slope, true, false), mask)));
  });
});

describe('evaluation', () => {
  it('uses the weight itself and ranks by magnitude', () => {
    const method = createMethod({ name: 'targeted-ard' });
    expect(method.evaluationWeight).toBeUndefined();
    expect(method.importance).toBeUndefined();
  });
});
