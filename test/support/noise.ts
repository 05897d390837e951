/** @file Random numbers for the noise of a regularizer, drawn by the tests' own generator. */

import * as tf from '@tensorflow/tfjs';
import { type ArrayData, sizeOf } from '../../src/arrays.ts';
import type { Noise } from '../../src/methods/types.ts';
import type { Progress } from '../../src/settings/training-time.ts';
import type { Numbers } from './numbers.ts';

export function drawNoise(noise: Noise, numbers: Numbers, progress: Progress): ArrayData {
  const count = sizeOf(noise.shape);
  if (noise.distribution !== 'bernoulli') return numbers[noise.distribution](count);
  const { probability } = noise;
  const rate = typeof probability === 'number' ? probability : probability(progress);
  return Uint8Array.from(numbers.uniform(count), (value) => (value < Math.fround(rate) ? 1 : 0));
}

export function noiseTensor(noise: Noise, numbers: Numbers, progress: Progress): tf.Tensor {
  const dtype = noise.distribution === 'bernoulli' ? 'bool' : 'float32';
  return tf.tensor(drawNoise(noise, numbers, progress), [...noise.shape], dtype);
}

/** Booleans: where uniform numbers lie below a rate. */
export function dropsBelow(rate: number, uniform: readonly number[], shape: readonly number[]): tf.Tensor {
  return tf.less(tf.tensor([...uniform], [...shape]), rate);
}
