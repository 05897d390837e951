/** @file Sparse variational dropout against sampling, quadrature and finite differences in double precision. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { WeightContext } from '../../../src/methods/types.ts';
import { createVariational } from '../../../src/methods/variational/regularizer.ts';
import type { VariationalSettings } from '../../../src/methods/variational/settings.ts';
import type { PrunableWeight } from '../../../src/models/types.ts';
import { Progress } from '../../../src/settings/training-time.ts';
import { convolutionSpec, createContext, denseSpec, randomNormal } from '../../support/contexts.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { naiveConvolution, naiveMatMul } from '../../support/naive-layers.ts';
import { createNumbers } from '../../support/numbers.ts';
import { naiveKl, naiveLogAlpha } from '../../support/variational-formulas.ts';

beforeAll(useCpuBackend);

function createMethod(settings: Partial<VariationalSettings> = {}) {
  return createVariational({
    name: 'variational',
    granularity: 'weight',
    klScale: 1,
    dataCount: 1,
    warmupSteps: 0,
    initialLogVariance: -10,
    threshold: 3,
    perEntry: false,
    ...settings,
  });
}

function contextOf(
  spec: PrunableWeight,
  weight: tf.Tensor,
  logVariance: tf.Tensor,
  batchSize = 1,
): WeightContext {
  const context = createContext(createMethod(), spec, weight, createNumbers(1), { batchSize });
  return { ...context, state: { logVariance } };
}

describe('the parts that a step must provide', () => {
  const spec = convolutionSpec([5, 5, 2, 3], 8);

  it('are one trainable log-variance a weight and one normal number an output', () => {
    const method = createMethod();
    expect(method.extraState?.(spec)).toEqual({
      logVariance: { shape: [5, 5, 2, 3], initializer: { kind: 'constant', value: -10 }, trainable: true },
    });
    expect(method.noise?.(spec, 16)).toEqual({
      output: { shape: [16, 8, 8, 3], distribution: 'normal' },
    });
    expect(method.disablesWeightDecay).toBe(true);
  });

  it('are a KL factor that rises linearly to klScale / dataCount', () => {
    const method = createMethod({ klScale: 0.01, dataCount: 50_000, warmupSteps: 1000 });
    const factors = [0, 250, 1000, 5000].map((step) => method.scalars?.(new Progress(step, 10)).klFactor);
    expect(factors.map((factor) => Number(factor) * 5e6)).toEqual(
      [0, 0.25, 1, 1].map((x) => expect.closeTo(x, 9)),
    );
    const immediate = createMethod({ klScale: 2, dataCount: 4, warmupSteps: 0 });
    expect(immediate.scalars?.(new Progress(0, 10))).toEqual({ klFactor: 0.5 });
  });
});

describe('the KL divergence', () => {
  /** Midpoint rule over ±9 standard deviations; cells are small against the logarithmic singularity. */
  function expectedLogMagnitude(alpha: number): number {
    const cells = 120_000;
    let sum = 0;
    for (let cell = 0; cell < cells; cell++) {
      const e = -9 + (18 * (cell + 0.5)) / cells;
      sum += Math.exp(-e * e * 0.5) * Math.log(Math.abs(1 + Math.sqrt(alpha) * e));
    }
    return (sum * 18) / cells / Math.sqrt(2 * Math.PI);
  }

  it('is within the published accuracy of the true divergence from the log-uniform prior', () => {
    // KL = −½ log alpha + E log|1 + sqrt(alpha) e| + constant; the constant makes it vanish for infinite alpha,
    // where E log|e| = −(Euler's gamma + log 2) / 2.
    const constant = (0.5772156649 + Math.LN2) / 2;
    const logAlphas = [-7.5, -6, -4, -3.5, -2, -1, 0, 1, 2, 3, 4, 6, 7.5];
    for (const logAlpha of logAlphas) {
      const context = contextOf(denseSpec(1, 1), tf.ones([1, 1]), tf.fill([1, 1], logAlpha));
      const actual = Number(createMethod().penalty?.(context).dataSync()[0]);
      const exact = -0.5 * logAlpha + expectedLogMagnitude(Math.exp(logAlpha)) + constant;
      expect(Math.abs(actual - exact)).toBeLessThan(0.01);
    }
  });

  it('is 0.63576 (1 − σ(1.8732)) + ½ log 2 for alpha = 1, summed over weights and scaled', () => {
    const one = 0.63576 * (1 - 1 / (1 + Math.exp(-1.8732))) + 0.5 * Math.LN2;
    const settings = { klScale: 0.1, dataCount: 20, warmupSteps: 4 };
    const method = createMethod(settings);
    const context = createContext(method, denseSpec(2, 3), tf.ones([2, 3]), createNumbers(1), { step: 1 });
    const penalty = method.penalty?.({ ...context, state: { logVariance: tf.zeros([2, 3]) } });
    expect(penalty?.shape).toEqual([]);
    expect(Number(penalty?.dataSync()[0])).toBeCloseTo((6 * one * 0.1 * 0.25) / 20, 7);
  });

  it('has the gradients of finite differences, for weights and for log-variances', () => {
    const numbers = createNumbers(3);
    const weight = randomNormal([3, 4], numbers);
    const logVariance = tf.mul(2, randomNormal([3, 4], numbers));
    const [byWeight, byVariance] = tf.grads(
      (w, v) => createMethod().penalty?.(contextOf(denseSpec(3, 4), w, v)) ?? tf.scalar(Number.NaN),
    )([weight, logVariance]);
    const step = 1e-5;
    const variances = [...logVariance.dataSync()];
    [...weight.dataSync()].forEach((w, index) => {
      const v = Number(variances[index]);
      const kl = (a: number, b: number) => naiveKl(naiveLogAlpha(a, b));
      expect(byWeight?.dataSync()[index]).toBeCloseTo((kl(w + step, v) - kl(w - step, v)) / (2 * step), 4);
      expect(byVariance?.dataSync()[index]).toBeCloseTo((kl(w, v + step) - kl(w, v - step)) / (2 * step), 4);
    });
  });

  it('stays finite and without gradient where log alpha is clipped, also at a weight of zero', () => {
    const weight = tf.tensor2d([0, 1e-6, 100], [1, 3]);
    const logVariance = tf.tensor2d([0, 0, -10], [1, 3]);
    const [byWeight, byVariance] = tf.grads(
      (w, v) => createMethod().penalty?.(contextOf(denseSpec(1, 3), w, v)) ?? tf.scalar(Number.NaN),
    )([weight, logVariance]);
    expect([...(byWeight?.dataSync() ?? [])].map(Math.abs)).toEqual([0, 0, 0]);
    expect([...(byVariance?.dataSync() ?? [])].map(Math.abs)).toEqual([0, 0, 0]);
    const penalty = createMethod().penalty?.(contextOf(denseSpec(1, 3), weight, logVariance));
    expect(Number(penalty?.dataSync()[0])).toBeCloseTo(2 * naiveKl(8) + naiveKl(-8), 4);
  });
});

describe('the sampled output', () => {
  const numbers = createNumbers(11);
  const alphaOf = (logVariance: number, w: number) => Math.exp(naiveLogAlpha(w, logVariance));

  const cases = [
    {
      layer: 'dense',
      spec: denseSpec(4, 2),
      input: [1, 4],
      apply: (x: tf.Tensor, kernel: tf.Tensor) => tf.matMul(x, kernel),
      naive: (x: number[], kernel: number[]) => naiveMatMul(x, kernel, 4, 2),
    },
    {
      layer: 'convolution',
      spec: convolutionSpec([2, 2, 1, 2], 2),
      input: [1, 3, 3, 1],
      apply: (x: tf.Tensor, kernel: tf.Tensor) =>
        tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'valid') as tf.Tensor,
      naive: (x: number[], kernel: number[]) => [
        ...naiveConvolution({ data: x, shape: [1, 3, 3, 1] }, kernel, 2, 2).data,
      ],
    },
  ];

  it.each(cases)(
    'of a $layer layer has the mean and variance of sampled weights',
    ({ spec, input, apply, naive }) => {
      const weight = randomNormal(spec.shape, numbers);
      const logVariance = tf.sub(tf.mul(0.7, randomNormal(spec.shape, numbers)), 1);
      const x = randomNormal(input, numbers);
      const context = contextOf(spec, weight, logVariance);
      const outputWith = (noise: number) => {
        const output = tf.fill([1, ...spec.outputShape], noise);
        return [
          ...(createMethod()
            .linear?.({ ...context, noise: { output } }, x, apply)
            .dataSync() ?? []),
        ];
      };
      const means = outputWith(0);
      const deviations = outputWith(1).map((value, index) => value - Number(means[index]));

      const values = [...weight.dataSync()];
      const logVariances = [...logVariance.dataSync()];
      const draws = 20_000;
      const sums = means.map(() => 0);
      const squares = means.map(() => 0);
      for (let draw = 0; draw < draws; draw++) {
        const noise = numbers.normal(values.length);
        const sampled = values.map((w, index) => {
          const alpha = alphaOf(Number(logVariances[index]), w);
          return w * (1 + Math.sqrt(alpha) * Number(noise[index]));
        });
        naive([...x.dataSync()], sampled).forEach((value, index) => {
          sums[index] = Number(sums[index]) + value / draws;
          squares[index] = Number(squares[index]) + value ** 2 / draws;
        });
      }
      means.forEach((mean, index) => {
        const sampledMean = Number(sums[index]);
        const sampledDeviation = Math.sqrt(Number(squares[index]) - sampledMean ** 2);
        const deviation = Number(deviations[index]);
        // Standard errors of 20,000 draws: 0.7 % of the deviation for the mean, 0.5 % for the deviation itself.
        expect(Math.abs(mean - sampledMean) / deviation).toBeLessThan(4.5 * 0.0071);
        expect(Math.abs(sampledDeviation / deviation - 1)).toBeLessThan(4.5 * 0.005);
      });
    },
  );

  it('differs between images of a batch only by their noise', () => {
    const spec = denseSpec(3, 2);
    const context = contextOf(spec, randomNormal([3, 2], numbers), tf.fill([3, 2], -1), 2);
    const x = tf.ones([2, 3]);
    const noise = { output: tf.tensor2d([1, -1, -1, 1], [2, 2]) };
    const output = createMethod().linear?.({ ...context, noise }, x, (a, kernel) => tf.matMul(a, kernel));
    const mean = [...tf.matMul(x, context.weight).dataSync()];
    const [a, b, c, d] = [...(output?.dataSync() ?? [])].map((value, index) => value - Number(mean[index]));
    expect(a).toBeCloseTo(-Number(c), 5);
    expect(b).toBeCloseTo(-Number(d), 5);
    expect(a).toBeCloseTo(Math.sqrt(3 * Math.exp(-1)), 4);
  });
});
