/** @file Standard dropout of weights or of units, blind to their magnitude. */
import * as tf from '@tensorflow/tfjs';
import { applyMask, dropNoise, requireTensor } from '../masks.ts';
import type { Regularizer } from '../types.ts';
import type { DropoutSettings } from './settings.ts';

/**
 * Each entry (weight) or column (unit) is dropped with probability p = `dropRate`. What is kept is divided by
 * 1 − p, so that the expected weight is the weight itself and evaluation uses it unchanged.
 */
export function createDropout(settings: DropoutSettings): Regularizer {
  const { granularity, dropRate } = settings;
  return {
    name: 'dropout',
    dropsCandidates: true,
    noise: (spec) => ({ drop: dropNoise(spec, granularity, dropRate) }),
    prepare({ noise }) {
      const kept = tf.logicalNot(requireTensor(noise, 'drop'));
      return { mask: tf.div(tf.cast(kept, 'float32'), 1 - dropRate) };
    },
    effectiveWeight: applyMask,
  };
}
