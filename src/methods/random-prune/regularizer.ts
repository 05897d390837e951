/** @file Random pruning: a mask drawn before training, which training never changes. */
import * as tf from '@tensorflow/tfjs';
import { pruneWeight } from '../../pruning/prune.ts';
import { requireNumbers } from '../host-weights.ts';
import { applyMask, dropCandidates, dropNoise, findLowest, requireTensor, shapeOfParts } from '../masks.ts';
import type { Regularizer } from '../types.ts';
import type { RandomPruneSettings } from './settings.ts';

/**
 * Uniform scores are drawn once; the share `targetRate` of lowest score, within each column (weight) or among the
 * layer's columns (unit), is masked: exactly floor(targetRate · n) at every seed, where the paper's code masks each
 * score below the rate, and so as many on average only.
 *
 * What is masked is zero in training and gets no gradient (paper); with `dropRate` below 1 it is dropped at each step
 * with this probability and trained otherwise (the paper's code). Evaluation uses the masked weight. Pruning ranks by
 * its magnitude or norm: first what the mask removes, then the lowest of what it keeps.
 */
export function createRandomPrune(settings: RandomPruneSettings): Regularizer {
  const { granularity, targetRate, dropRate } = settings;
  const alwaysMasked = dropRate === 1;
  return {
    name: 'random-prune',
    dropsCandidates: true,
    extraState: (spec) => ({
      scores: {
        shape: shapeOfParts(spec, granularity),
        initializer: { kind: 'uniform', low: 0, high: 1 },
        trainable: false,
      },
    }),
    ...(alwaysMasked ? {} : { noise: (spec) => ({ drop: dropNoise(spec, granularity, dropRate) }) }),
    prepare({ state, noise }) {
      // A column of one score has that score as its norm.
      const masked = findLowest(requireTensor(state, 'scores'), granularity, targetRate);
      if (alwaysMasked) return { mask: tf.sub(1, tf.cast(masked, 'float32')) };
      return { mask: dropCandidates(masked, noise) };
    },
    effectiveWeight: applyMask,
    evaluationWeight: (host) => {
      const scores = requireNumbers(host, 'scores');
      return pruneWeight(host.weight, host.spec.shape, scores, granularity, targetRate).weight;
    },
  };
}
