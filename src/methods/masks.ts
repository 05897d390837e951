/** @file Noise and multiplication shared by the methods that mask a weight. */
import * as tf from '@tensorflow/tfjs';
import type { PrunableWeight } from '../models/types.ts';
import { lowestColumns, lowestEntries, type Share } from '../pruning/ranking.ts';
import type { Granularity } from '../pruning/types.ts';
import type { Noise, Probability, WeightContext } from './types.ts';

/** Shape of an array with a number for each entry of a weight (weight), or for each of its columns (unit). */
export function shapeOfParts(spec: PrunableWeight, granularity: Granularity): readonly number[] {
  return granularity === 'weight' ? spec.shape : spec.shape.slice(-1);
}

/** Noise that says of each entry (weight) or column (unit) whether it is dropped, should it be a candidate. */
export function dropNoise(spec: PrunableWeight, granularity: Granularity, dropRate: Probability): Noise {
  return { shape: shapeOfParts(spec, granularity), distribution: 'bernoulli', probability: dropRate };
}

/** Marks the share of lowest magnitude within each column (weight), or of lowest norm within the layer (unit). */
export function findLowest(weight: tf.Tensor, granularity: Granularity, share: Share): tf.Tensor {
  return granularity === 'weight' ? lowestEntries(weight, share) : lowestColumns(weight, share);
}

/**
 * A mask that is 0 where something is a candidate and is dropped by the noise (`drop`), else 1.
 *
 * @param candidates booleans that broadcast against the noise
 */
export function dropCandidates(candidates: tf.Tensor, noise: WeightContext['noise']): tf.Tensor {
  const dropped = tf.logicalAnd(candidates, requireTensor(noise, 'drop'));
  return tf.sub(1, tf.cast(dropped, 'float32'));
}

/**
 * The weight times the prepared `mask`, of the weight's shape or `[columns]`. The mask is a constant, so a dropped
 * entry gets a gradient of exactly zero.
 */
export function applyMask({ weight, prepared }: WeightContext): tf.Tensor {
  return tf.mul(weight, requireTensor(prepared, 'mask'));
}

/**
 * What a function computes from tensors, as a constant with respect to gradients: for choices that need a layer's input,
 * which is there only while the loss is differentiated.
 */
export function withoutGradient(compute: () => tf.Tensor): tf.Tensor {
  // Without arguments nothing that was differentiated leads to the result.
  return tf.customGrad(() => ({ value: compute(), gradFunc: () => [] }))();
}

/** @throws Error if the step was not fed the number that this method asked for */
export function requireScalar(scalars: WeightContext['scalars'], name: string): tf.Scalar {
  return requireTensor(scalars, name) as tf.Scalar;
}

/** @throws Error if the step was not given the tensor that this method asked for */
export function requireTensor(tensors: Readonly<Record<string, tf.Tensor>>, name: string): tf.Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`the regularizer was not given its "${name}"`);
  return tensor;
}
