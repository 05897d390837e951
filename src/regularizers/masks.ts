/** @file Noise and multiplication shared by the methods that mask a weight. */
import * as tf from '@tensorflow/tfjs';
import type { PrunableWeight } from '../models/types.ts';
import type { Granularity, Noise, WeightContext } from './types.ts';

/** Uniform numbers, one for each entry (weight) or column (unit): whatever is dropped on its own. */
export function maskNoise(spec: PrunableWeight, granularity: Granularity): Noise {
  return {
    shape: granularity === 'weight' ? spec.shape : spec.shape.slice(-1),
    distribution: 'uniform',
  };
}

/**
 * The weight times the prepared `mask`, of the weight's shape or `[columns]`. The mask is a constant, so a dropped
 * entry gets a gradient of exactly zero.
 */
export function applyMask({ weight, prepared }: WeightContext): tf.Tensor {
  return tf.mul(weight, requireTensor(prepared, 'mask'));
}

/** @throws Error if the step was not given the tensor that this method asked for */
export function requireTensor(tensors: Readonly<Record<string, tf.Tensor>>, name: string): tf.Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`the regularizer was not given its "${name}"`);
  return tensor;
}
