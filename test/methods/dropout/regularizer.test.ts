/** @file Standard dropout: what is dropped, how often, and the rescaling that keeps the expectation. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDropout } from '../../../src/methods/dropout/regularizer.ts';
import type { WeightContext } from '../../../src/methods/types.ts';
import { convolutionSpec, createContext, denseSpec, prepare, randomNormal } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { dropsBelow } from '../../support/noise.ts';
import { createNumbers } from '../../support/numbers.ts';

beforeAll(useCpuBackend);

function createMethod(granularity: 'weight' | 'unit', dropRate: number) {
  const method = createDropout({ name: 'dropout', granularity, dropRate });
  const effective = (context: WeightContext) => [...(method.effectiveWeight?.(context).dataSync() ?? [])];
  return { method, effective };
}

describe('weight dropout', () => {
  it('drops where the noise says and divides the rest by one minus the rate', () => {
    const { method, effective } = createMethod('weight', 0.25);
    const weight = tf.tensor2d([3, -6, 9, 12], [2, 2]);
    const context = createContext(method, denseSpec(2, 2), weight, createNumbers(1));
    const noise = { drop: dropsBelow(0.25, [0.2499, 0.25, 0, 0.9999], [2, 2]) };
    expect(effective(prepare(method, { ...context, noise }))).toEqual([0, -8, 0, 16]);
  });

  it('changes nothing at rate 0', () => {
    const { method, effective } = createMethod('weight', 0);
    const weight = tf.tensor2d([3, -6, 9, 12], [2, 2]);
    expect(effective(createContext(method, denseSpec(2, 2), weight, createNumbers(1)))).toEqual([
      3, -6, 9, 12,
    ]);
  });

  it('drops the share given by the rate and keeps the expected weight', () => {
    const { method, effective } = createMethod('weight', 0.5);
    const numbers = createNumbers(2);
    const draws = 400;
    const sums = new Float64Array(50);
    let dropped = 0;
    for (let draw = 0; draw < draws; draw++) {
      const context = createContext(method, denseSpec(10, 5), tf.ones([10, 5]), numbers);
      effective(context).forEach((value, index) => {
        sums[index] = Number(sums[index]) + value / draws;
        if (value === 0) dropped++;
      });
    }
    // Standard errors: 0.0035 of the share, 0.05 of one entry's mean.
    expect(Math.abs(dropped / (draws * 50) - 0.5)).toBeLessThan(4 * 0.0035);
    expect(Math.max(...sums.map((mean) => Math.abs(mean - 1)))).toBeLessThan(4.5 * 0.05);
  });

  it('gives dropped entries a gradient of exactly zero and the others one over one minus the rate', () => {
    const { method } = createMethod('weight', 0.2);
    const weight = randomNormal([3, 3, 2, 4], createNumbers(3));
    const context = createContext(method, convolutionSpec([3, 3, 2, 4], 5), weight, createNumbers(4));
    const gradient = tf.grad((w) => tf.sum(method.effectiveWeight?.({ ...context, weight: w }) ?? w))(weight);
    const noise = [...(context.noise.drop?.dataSync() ?? [])];
    const expected = noise.map((value) => (value === 1 ? 0 : Math.fround(1 / Math.fround(0.8))));
    expect(expected).toContain(0);
    expect([...gradient.dataSync()]).toEqual(expected);
  });
});

describe('unit dropout', () => {
  it('draws one number for each column and drops or rescales it whole', () => {
    const { method, effective } = createMethod('unit', 0.5);
    const spec = denseSpec(2, 3);
    expect(method.noise?.(spec, 8)).toEqual({
      drop: { shape: [3], distribution: 'bernoulli', probability: 0.5 },
    });
    const weight = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const context = createContext(method, spec, weight, createNumbers(1));
    const noise = { drop: dropsBelow(0.5, [0.7, 0.1, 0.5], [3]) };
    expect(effective(prepare(method, { ...context, noise }))).toEqual([2, 0, 6, 8, 0, 12]);
  });

  it('drops whole filters of a convolution', () => {
    const { method, effective } = createMethod('unit', 0.5);
    const context = createContext(
      method,
      convolutionSpec([2, 2, 1, 2], 4),
      tf.ones([2, 2, 1, 2]),
      createNumbers(1),
    );
    const noise = { drop: dropsBelow(0.5, [0.4, 0.6], [2]) };
    expect(effective(prepare(method, { ...context, noise }))).toEqual([0, 2, 0, 2, 0, 2, 0, 2]);
  });
});

describe('evaluation', () => {
  it('uses the weight itself and ranks by magnitude', () => {
    const { method } = createMethod('weight', 0.5);
    expect(method.evaluationWeight).toBeUndefined();
    expect(method.importance).toBeUndefined();
    expect(method.penalty).toBeUndefined();
  });
});
