/** @file Builds what a regularizer sees of prunable weights, as a training step would. */
import * as tf from '@tensorflow/tfjs';
import type { Regularizer, WeightContext } from '../../src/methods/types.ts';
import type { Parameter, PrunableWeight } from '../../src/models/types.ts';
import type { Initializer } from '../../src/random/types.ts';
import { Progress } from '../../src/settings/training-time.ts';
import { noiseTensor } from './noise.ts';
import type { Numbers } from './numbers.ts';

export type NamedTensors = Readonly<Record<string, tf.Tensor>>;

export function denseSpec(inputs: number, units: number): PrunableWeight {
  return { name: 'dense1/kernel', shape: [inputs, units], layer: 'dense', outputShape: [units] };
}

export function convolutionSpec(
  shape: readonly [number, number, number, number],
  outputSide: number,
): PrunableWeight {
  return {
    name: 'conv2/kernel',
    shape,
    layer: 'convolution',
    outputShape: [outputSide, outputSide, shape[3]],
  };
}

/** Normal numbers for every parameter, of a size that keeps activations near 1. */
export function randomParameters(parameters: readonly Parameter[], numbers: Numbers): NamedTensors {
  return Object.fromEntries(
    parameters.map(({ name, shape }) => [name, tf.mul(0.3, randomNormal(shape, numbers))]),
  );
}

export function randomNormal(shape: readonly number[], numbers: Numbers): tf.Tensor {
  return tf.tensor(numbers.normal(tf.util.sizeFromShape([...shape])), [...shape]);
}

/** A context with random noise, initial state and scalars of the given step, prepared. */
export function createContext(
  regularizer: Regularizer,
  spec: PrunableWeight,
  weight: tf.Tensor,
  numbers: Numbers,
  { batchSize = 1, step = 0 } = {},
): WeightContext {
  const progress = new Progress(step, 10);
  const noise = Object.fromEntries(
    Object.entries(regularizer.noise?.(spec, batchSize) ?? {}).map(([name, noise]) => [
      name,
      noiseTensor(noise, numbers, progress),
    ]),
  );
  const state = Object.fromEntries(
    Object.entries(regularizer.extraState?.(spec) ?? {}).map(([name, { shape, initializer }]) => {
      return [name, initialTensor(initializer, shape, numbers)];
    }),
  );
  const scalars = Object.fromEntries(
    Object.entries(regularizer.scalars?.(progress) ?? {}).map(([name, value]) => [name, tf.scalar(value)]),
  );
  return prepare(regularizer, { spec, weight, noise, state, scalars, prepared: {} });
}

function initialTensor(initializer: Initializer, shape: readonly number[], numbers: Numbers): tf.Tensor {
  const count = tf.util.sizeFromShape([...shape]);
  const scaled = (values: Float32Array, factor: number, offset: number): tf.Tensor =>
    tf.tensor(
      values.map((value) => offset + factor * value),
      [...shape],
    );
  switch (initializer.kind) {
    case 'constant':
      return tf.fill([...shape], initializer.value);
    case 'uniform':
      return scaled(numbers.uniform(count), initializer.high - initializer.low, initializer.low);
    case 'normal':
      return scaled(numbers.normal(count), initializer.sd, initializer.mean);
    default:
      throw new Error(`no test support for ${initializer.kind}`);
  }
}

/** The context with what the regularizer chooses before gradients are taken. */
export function prepare(regularizer: Regularizer, context: WeightContext): WeightContext {
  return { ...context, prepared: regularizer.prepare?.({ ...context, prepared: {} }) ?? {} };
}
