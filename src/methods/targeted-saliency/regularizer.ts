/** @file Targeted dropout by saliency: candidates are the weights or units that the loss depends on least. */
import * as tf from '@tensorflow/tfjs';
import { columnSums } from '../../pruning/criteria.ts';
import { pruneWeight } from '../../pruning/prune.ts';
import { lowestColumnSums, lowestEntries } from '../../pruning/ranking.ts';
import type { Granularity } from '../../pruning/types.ts';
import { requireNumbers } from '../host-weights.ts';
import { applyMask, dropCandidates, dropNoise, requireTensor } from '../masks.ts';
import type { HostWeight, Regularizer, WeightContext } from '../types.ts';
import type { TargetedSaliencySettings } from './settings.ts';

/**
 * To first order, the loss changes by |w · ∂loss/∂w| if w is set to zero (Mozer and Smolensky 1989; Molchanov et al. 2017).
 * The saliency of an entry is a moving average of this number over the steps of training; that of a column is the sum over
 * its entries. A sum without the magnitudes would say nothing before batch normalization: there the loss does not depend on
 * the scale of a column, so its w · ∂loss/∂w add up to zero.
 *
 * The share gamma (`targetRate`) of lowest saliency, within each column (weight) or among the layer's columns (unit), are
 * the candidates of a step; each is dropped with probability alpha (`dropRate`), without rescaling. The first step has
 * none. Evaluation uses the weight itself; pruning ranks by the saliency at the end of training.
 */
export function createTargetedSaliency(settings: TargetedSaliencySettings): Regularizer {
  const { granularity, dropRate, targetRate, decay } = settings;
  const findLowest = granularity === 'weight' ? lowestEntries : lowestColumnSums;
  return {
    name: 'targeted-saliency',
    dropsCandidates: true,
    extraState: ({ shape }) => ({
      saliency: { shape, initializer: { kind: 'constant', value: 0 }, trainable: false },
    }),
    noise: (spec) => ({ drop: dropNoise(spec, granularity, dropRate) }),
    prepare: ({ state, noise }) => ({
      mask: dropCandidates(findLowest(requireTensor(state, 'saliency'), targetRate), noise),
    }),
    effectiveWeight: applyMask,
    update: (context, gradient) => ({ saliency: averageSaliency(context, gradient, decay) }),
    withoutCandidates: (host) => {
      const saliency = saliencyOf(host, granularity);
      return pruneWeight(host.weight, host.spec.shape, saliency, granularity, targetRate).weight;
    },
    importance: saliencyOf,
  };
}

function saliencyOf(host: HostWeight, granularity: Granularity): Float32Array {
  const saliency = requireNumbers(host, 'saliency');
  return granularity === 'weight' ? saliency : columnSums(saliency, host.spec.shape);
}

/**
 * A dropped entry has gradient zero at this step, which says nothing about it: its average stays. The average of an entry
 * begins with the first number that is not zero, so that no entry ranks low for having been dropped early.
 */
function averageSaliency(
  { weight, state, prepared }: WeightContext,
  gradient: tf.Tensor,
  decay: number,
): tf.Tensor {
  const average = requireTensor(state, 'saliency');
  const latest = tf.abs(tf.mul(weight, gradient));
  const share = tf.maximum(tf.cast(tf.equal(average, 0), 'float32'), 1 - decay);
  const change = tf.mul(share, tf.sub(latest, average));
  return tf.add(average, tf.mul(change, requireTensor(prepared, 'mask')));
}
