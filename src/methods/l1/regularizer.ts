/** @file L1 penalty on the prunable weights. */
import * as tf from '@tensorflow/tfjs';
import type { Regularizer } from '../types.ts';
import type { L1Settings } from './settings.ts';

/**
 * Adds beta · mean |w| of each prunable weight (the paper's code) or beta · sum |w| (its text) to the loss; beta is
 * `coefficient`; with `kernels: all` the same of every other kernel. The weight itself is used in training and evaluation.
 */
export function createL1({ coefficient, reduction, kernels }: L1Settings): Regularizer {
  const { penalty } = l1Penalty(coefficient, reduction);
  if (penalty === undefined) return { name: 'l1' };
  if (kernels === 'prunable') return { name: 'l1', penalty };
  return { name: 'l1', penalty, exemptPenalty: (kernel) => l1Of(kernel, coefficient, reduction) };
}

/** The penalty alone, for methods that it is added to; no part at all if beta is 0. */
export function l1Penalty(
  coefficient: number,
  reduction: 'mean' | 'sum',
): Required<Pick<Regularizer, 'penalty'>> | Record<string, never> {
  if (coefficient === 0) return {};
  return { penalty: ({ weight }) => l1Of(weight, coefficient, reduction) };
}

function l1Of(weight: tf.Tensor, coefficient: number, reduction: 'mean' | 'sum'): tf.Scalar {
  const reduce = reduction === 'mean' ? tf.mean : tf.sum;
  return tf.mul(coefficient, reduce(magnitude(weight)));
}

/** |x| with gradient sign(x). The gradient of `tf.abs` is −1 at zero, which would push a zero away from it. */
export function magnitude(x: tf.Tensor): tf.Tensor {
  return tf.add(tf.relu(x), tf.relu(tf.neg(x)));
}
