/** @file L1 penalty on the prunable weights. */
import * as tf from '@tensorflow/tfjs';
import type { RegularizerSettings, SettingsOf } from '../config/schema.ts';
import type { Regularizer } from './types.ts';

/**
 * Adds beta · mean |w| of each prunable weight (the paper's code) or beta · sum |w| (its text) to the loss; beta is
 * `coefficient`. The weight itself is used in training and evaluation.
 */
export function createL1(settings: SettingsOf<RegularizerSettings, 'l1'>): Regularizer {
  const reduce = settings.reduction === 'mean' ? tf.mean : tf.sum;
  return {
    name: 'l1',
    penalty: ({ weight }) => tf.mul(settings.coefficient, reduce(magnitude(weight))),
  };
}

/** |w| with gradient sign(w). The gradient of `tf.abs` is −1 at zero, which would push a zero weight away from it. */
function magnitude(weight: tf.Tensor): tf.Tensor {
  return tf.add(tf.relu(weight), tf.relu(tf.neg(weight)));
}
