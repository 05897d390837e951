/** @file Batch normalisation against plain loops, finite differences, automatic gradients and moving averages by hand. */

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Signature, StepFunction } from '../../src/compiler/step.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import { batchNorm } from '../../src/models/batch-norm.ts';
import { plainLayers } from '../../src/models/layers.ts';
import { describeBatchNorm } from '../../src/models/parameters.ts';
import { type NamedTensors, randomNormal } from '../support/contexts.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import { largestDifference, runOnce } from '../support/engines.ts';
import { naiveMoments, naiveNormalize } from '../support/naive-batch-norm.ts';
import { createNumbers } from '../support/numbers.ts';

beforeAll(useCpuBackend);

type Operands = [x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor];
type Vectors = [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
type Differentiated = (...operands: Operands) => tf.Tensor;

const SETTINGS = { momentum: 0.9, epsilon: 1e-3 };
const CHANNELS = 3;
const SHAPES = [
  ['images', [2, 3, 4, CHANNELS]],
  ['features', [5, CHANNELS]],
] as const;

/** A layer `norm` with parameters that are all different from their first values. */
function createParameters(seed: number): NamedTensors {
  const numbers = createNumbers(seed);
  return {
    'norm/scale': tf.add(1.5, randomNormal([CHANNELS], numbers)),
    'norm/shift': randomNormal([CHANNELS], numbers),
    'norm/mean': randomNormal([CHANNELS], numbers),
    'norm/variance': tf.add(0.5, tf.abs(randomNormal([CHANNELS], numbers))),
  };
}

/** Activations away from mean 0 and deviation 1, other in each channel. */
function createInput(shape: readonly number[], seed: number): tf.Tensor {
  return tf.add(tf.mul(randomNormal(shape, createNumbers(seed)), [0.5, 2, 4]), [3, -1, 0]);
}

/** Training as a function of what is differentiated: the input, the scale and the shift. */
const trained =
  (given: NamedTensors): Differentiated =>
  (x, scale, shift) => {
    const parameters = { ...given, 'norm/scale': scale, 'norm/shift': shift };
    return batchNorm(x, 'norm', plainLayers(parameters, true), SETTINGS);
  };

const operandsOf = (x: tf.Tensor, given: NamedTensors) =>
  [x, given['norm/scale'], given['norm/shift']] as Operands;

const valuesOf = (tensor: tf.Tensor | undefined): number[] => [...(tensor?.dataSync() ?? [])];
const vectorOf = (parameters: NamedTensors, name: string) => valuesOf(parameters[`norm/${name}`]);

function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  expect(actual).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  const errors = actual.map((value, index) => Math.abs(value - Number(expected[index])) / scale);
  expect(Math.max(...errors)).toBeLessThan(tolerance);
}

describe('parameters', () => {
  it('begin so that evaluation changes nothing: scale 1, shift 0, mean 0, variance 1', () => {
    const described = describeBatchNorm('norm', 2).map(({ name, role, shape, initializer }) => [
      name,
      role,
      shape,
      initializer,
    ]);
    expect(described).toEqual([
      ['norm/scale', 'scale', [2], { kind: 'constant', value: 1 }],
      ['norm/shift', 'shift', [2], { kind: 'constant', value: 0 }],
      ['norm/mean', 'average', [2], { kind: 'constant', value: 0 }],
      ['norm/variance', 'average', [2], { kind: 'constant', value: 1 }],
    ]);
  });
});

describe.each(SHAPES)('of %s', (_, shape) => {
  const parameters = () => createParameters(1);
  const normalize = (x: tf.Tensor, given: NamedTensors, training: boolean) =>
    batchNorm(x, 'norm', plainLayers(given, training), SETTINGS);
  const naive = (x: readonly number[], scale: readonly number[], shift: readonly number[]) =>
    naiveNormalize(x, naiveMoments(x, CHANNELS), scale, shift, SETTINGS.epsilon);

  it('training uses the moments of the batch, whatever the averages are', () => {
    const [x, given] = [createInput(shape, 2), parameters()];
    const expected = naive(valuesOf(x), vectorOf(given, 'scale'), vectorOf(given, 'shift'));
    expectClose(valuesOf(normalize(x, given, true)), expected);
    const otherAverages = {
      ...given,
      'norm/mean': tf.fill([CHANNELS], 9),
      'norm/variance': tf.fill([CHANNELS], 9),
    };
    expectClose(valuesOf(normalize(x, otherAverages, true)), expected);
  });

  it('evaluation uses the averages, whatever the batch is', () => {
    const [x, given] = [createInput(shape, 2), parameters()];
    const averages = { mean: vectorOf(given, 'mean'), variance: vectorOf(given, 'variance') };
    const [scale, shift] = [vectorOf(given, 'scale'), vectorOf(given, 'shift')];
    const expected = naiveNormalize(valuesOf(x), averages, scale, shift, SETTINGS.epsilon);
    expectClose(valuesOf(normalize(x, given, false)), expected);
    const first = normalize(tf.slice(x, 0, 1), given, false);
    expectClose(valuesOf(first), expected.slice(0, first.size));
  });

  it('gradients in training are those of finite differences in double precision', () => {
    const [x, given] = [createInput(shape, 2), parameters()];
    const direction = randomNormal(shape, createNumbers(3));
    const gradients = gradientsOf(trained(given), operandsOf(x, given), direction);
    const weights = valuesOf(direction);
    const inputs = [valuesOf(x), vectorOf(given, 'scale'), vectorOf(given, 'shift')] as const;
    const objective = (...[x, scale, shift]: readonly (readonly number[])[]) =>
      naive(x ?? [], scale ?? [], shift ?? []).reduce((sum, y, index) => sum + y * Number(weights[index]), 0);
    for (const [position, gradient] of gradients.entries()) {
      const expected = (inputs[position] ?? []).map((value, index) => {
        const shifted = (by: number) =>
          objective(
            ...inputs.map((values, other) => (other === position ? values.with(index, value + by) : values)),
          );
        return (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
      });
      expectClose(gradient, expected);
    }
  });

  it('gradients in training are those that tfjs derives from moments and its own batch normalisation', () => {
    const [x, given] = [createInput(shape, 4), parameters()];
    const direction = randomNormal(shape, createNumbers(5));
    const own = gradientsOf(trained(given), operandsOf(x, given), direction);
    const axes = shape.slice(0, -1).map((_, axis) => axis);
    const derived = gradientsOf(
      (x, scale, shift) => {
        const { mean, variance } = tf.moments(x, axes);
        return tf.batchNorm(x, ...([mean, variance, shift, scale] as Vectors), SETTINGS.epsilon);
      },
      operandsOf(x, given),
      direction,
    );
    for (const [position, gradient] of own.entries()) expectClose(gradient, derived[position] ?? []);
  });
});

describe('moving averages', () => {
  it('keep the momentum of their former value and take the rest from the batch', () => {
    // Channel means 2 and 10; squared deviations sum to 2 and 50 over 2 values: unbiased variances 2 and 50.
    const x = tf.tensor2d([
      [1, 5],
      [3, 15],
    ]);
    const parameters = {
      'norm/scale': tf.ones([2]),
      'norm/shift': tf.zeros([2]),
      'norm/mean': tf.tensor1d([0, 100]),
      'norm/variance': tf.tensor1d([1, 1]),
    };
    const layers = plainLayers(parameters, true);
    batchNorm(x, 'norm', layers, { momentum: 0.75, epsilon: 1e-3 });
    expect(valuesOf(layers.updates['norm/mean'])).toEqual([0.5, 77.5]);
    expect(valuesOf(layers.updates['norm/variance'])).toEqual([1.25, 13.25]);
  });

  it('follow several batches as the recursion in double precision does', () => {
    let parameters = createParameters(7);
    let mean = vectorOf(parameters, 'mean');
    let variance = vectorOf(parameters, 'variance');
    for (let step = 0; step < 6; step++) {
      const x = createInput([2, 3, 4, CHANNELS], 20 + step);
      const layers = plainLayers(parameters, true);
      batchNorm(x, 'norm', layers, SETTINGS);
      parameters = { ...parameters, ...layers.updates };
      const batch = naiveMoments(valuesOf(x), CHANNELS);
      mean = mean.map((value, channel) => 0.9 * value + 0.1 * Number(batch.mean[channel]));
      variance = variance.map(
        (value, channel) =>
          0.9 * value + 0.1 * Number(batch.variance[channel]) * (batch.count / (batch.count - 1)),
      );
    }
    expectClose(vectorOf(parameters, 'mean'), mean);
    expectClose(vectorOf(parameters, 'variance'), variance);
  });

  it('stay finite on a single value, which has no unbiased variance', () => {
    const layers = plainLayers(createParameters(1), true);
    batchNorm(tf.tensor2d([[1, 2, 3]]), 'norm', layers, SETTINGS);
    const expected = vectorOf(createParameters(1), 'variance').map((value) => 0.9 * value);
    expectClose(valuesOf(layers.updates['norm/variance']), expected);
  });

  it('are not touched in evaluation', () => {
    const layers = plainLayers(createParameters(1), false);
    batchNorm(createInput([4, CHANNELS], 1), 'norm', layers, SETTINGS);
    expect(layers.updates).toEqual({});
  });
});

describe('the compiled engine', () => {
  it.each(SHAPES)(
    'computes outputs, averages and gradients of %s like the reference engine',
    async (_, shape) => {
      const vector = { shape: [CHANNELS], dtype: 'float32' } as const;
      const signature: Signature = {
        state: { 'norm/scale': vector, 'norm/shift': vector, 'norm/mean': vector, 'norm/variance': vector },
        feeds: { x: { shape, dtype: 'float32' }, direction: { shape, dtype: 'float32' } },
      };
      const step: StepFunction = (state, { x, direction }) => {
        const layers = plainLayers(state, true);
        const output = batchNorm(x as tf.Tensor, 'norm', layers, SETTINGS);
        const operands = operandsOf(x as tf.Tensor, state);
        const gradients = tf.grads((...tensors) => trained(state)(...(tensors as Operands)))(
          operands,
          direction,
        );
        const [dx, dScale, dShift] = gradients as Operands;
        const evaluated = batchNorm(x as tf.Tensor, 'norm', plainLayers(state, false), SETTINGS);
        return { state: layers.updates, fetches: { output, evaluated, dx, dScale, dShift } };
      };
      const state = Object.fromEntries(
        Object.entries(createParameters(1)).map(([name, tensor]) => [
          name,
          Float32Array.from(valuesOf(tensor)),
        ]),
      );
      const feeds = {
        x: Float32Array.from(valuesOf(createInput(shape, 2))),
        direction: createNumbers(3).normal(tf.util.sizeFromShape([...shape])),
      };
      const expected = await runOnce(await createReferenceEngine(), step, signature, { state, feeds });
      const actual = await runOnce(await createOnnxEngine({ threads: 1 }), step, signature, { state, feeds });
      expect(largestDifference(actual.fetches, expected.fetches).difference).toBeLessThan(1e-5);
      expect(largestDifference(actual.state, expected.state).difference).toBeLessThan(1e-6);
    },
  );
});

/** Gradients of the output's sum weighted by a direction, with respect to the operands. */
function gradientsOf(compute: Differentiated, operands: Operands, direction: tf.Tensor): number[][] {
  const gradients = tf.grads((...tensors) => compute(...(tensors as Operands)))(operands, direction);
  return gradients.map((gradient) => valuesOf(gradient));
}
