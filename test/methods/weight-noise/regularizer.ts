/** @file A made-up method, the example of docs/extending.md: noise on every weight in training. */
import * as tf from '@tensorflow/tfjs';
import { requireTensor } from '../../../src/methods/masks.ts';
import type { Regularizer } from '../../../src/methods/types.ts';
import type { WeightNoiseSettings } from './settings.ts';

export const createWeightNoise = ({ sd }: WeightNoiseSettings): Regularizer => ({
  name: 'weight-noise',
  noise: ({ shape }) => ({ normal: { shape, distribution: 'normal' } }),
  effectiveWeight: ({ weight, noise }) => tf.add(weight, tf.mul(sd, requireTensor(noise, 'normal'))),
});
