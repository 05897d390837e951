/** @file Delayed pruning: from a point of training on, the lowest-ranked weights or units are zero. */
import * as tf from '@tensorflow/tfjs';
import { parseLength } from '../../settings/training-time.ts';
import { removeLowest, requireNumbers } from '../host-weights.ts';
import { applyMask, findLowest, requireScalar } from '../masks.ts';
import type { HostWeight, Regularizer } from '../types.ts';
import type { DelayedPruneSettings } from './settings.ts';

/**
 * Plain training up to `delay`; from then on the share `targetRate` of lowest magnitude within each column (weight) or
 * of lowest norm within the layer (unit) is zero in the forward pass of every step, chosen anew at each. What is zero
 * gets no gradient. Evaluation uses the weight pruned in the same way once pruning has begun, as the paper's code does:
 * the pruned entries have not followed the training since. The method stands in the paper's code only.
 */
export function createDelayedPrune(settings: DelayedPruneSettings): Regularizer {
  const { granularity, targetRate, delay } = settings;
  return {
    name: 'delayed-prune',
    dropsCandidates: true,
    // Evaluation does not know the step: 1 once a step has been taken with pruning.
    extraState: () => ({
      pruning: { shape: [], initializer: { kind: 'constant', value: 0 }, trainable: false },
    }),
    scalars: (progress) => ({ pruning: progress.hasReached(parseLength(delay)) ? 1 : 0 }),
    prepare({ weight, scalars }) {
      const lowest = tf.cast(findLowest(weight, granularity, targetRate), 'float32');
      return { mask: tf.sub(1, tf.mul(lowest, requireScalar(scalars, 'pruning'))) };
    },
    effectiveWeight: applyMask,
    update: ({ scalars }) => ({ pruning: requireScalar(scalars, 'pruning') }),
    evaluationWeight: (host) => pruneHost(host, settings),
  };
}

function pruneHost(host: HostWeight, { granularity, targetRate }: DelayedPruneSettings): Float32Array {
  if (requireNumbers(host, 'pruning')[0] !== 1) return host.weight;
  return removeLowest(host, granularity, targetRate);
}
