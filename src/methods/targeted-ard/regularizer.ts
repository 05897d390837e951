/** @file Targeted dropout of a layer's inputs, ranked by their weights and by how active they are. */
import * as tf from '@tensorflow/tfjs';
import { selectLowest } from '../../pruning/ranking.ts';
import { dropCandidates, withoutGradient } from '../masks.ts';
import type { Noise, Regularizer, WeightContext } from '../types.ts';
import type { TargetedArdSettings } from './settings.ts';

/**
 * The relevance of an input (a unit of the layer before, or a channel) is the L2 norm of all weights that it is
 * multiplied by, times its mean |activation| over batch and positions. At every step the share `targetRate` of lowest
 * relevance are candidates: those strictly below the value at index floor(targetRate · inputs) of the sorted
 * relevances. Each weight of a candidate input is dropped with probability `dropRate`, by itself (`perEntry`, as in the
 * paper's code) or with all weights of its input. What is kept is not rescaled; the ranking has no gradient.
 * Evaluation uses the weight itself. The method stands in the paper's code only, there for convolutions.
 */
export function createTargetedArd(settings: TargetedArdSettings): Regularizer {
  return {
    name: 'targeted-ard',
    dropsCandidates: true,
    noise: ({ shape }) => ({ drop: noiseOf(shape, settings) }),
    linear(context, x, apply) {
      const mask = withoutGradient(() => maskOf(context, x, settings));
      return apply(x, tf.mul(context.weight, mask));
    },
  };
}

/** Kernels are `[…, inputs, outputs]`. */
function noiseOf(shape: readonly number[], { perEntry, dropRate }: TargetedArdSettings): Noise {
  return {
    shape: perEntry ? shape : [...shape.slice(-2, -1), 1],
    distribution: 'bernoulli',
    probability: dropRate,
  };
}

function maskOf(
  { weight, noise }: WeightContext,
  x: tf.Tensor,
  { targetRate }: TargetedArdSettings,
): tf.Tensor {
  const [inputs = 1, outputs = 1] = weight.shape.slice(-2);
  const norms = tf.sqrt(tf.sum(tf.square(tf.reshape(weight, [-1, inputs, outputs])), [0, 2]));
  const activations = tf.mean(tf.abs(tf.reshape(x, [-1, inputs])), 0);
  const relevances = tf.mul(norms, activations);
  const candidates = tf.expandDims(selectLowest(relevances, relevances, targetRate), 1);
  return dropCandidates(candidates, noise);
}
