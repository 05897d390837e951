/** @file Targeted dropout: only the lowest-ranked weights or units are candidates for dropping. */
import * as tf from '@tensorflow/tfjs';
import type { RegularizerSettings, SettingsOf } from '../config/schema.ts';
import { applyMask, maskNoise, requireTensor } from './masks.ts';
import { lowestColumns, lowestEntries } from './ranking.ts';
import type { Regularizer } from './types.ts';

/**
 * The share gamma (`targetRate`) of lowest magnitude is chosen at every step, by |w| within each column (weight) or by
 * column norm within the layer (unit). A candidate is dropped where its noise is below alpha (`dropRate`); what is
 * kept is not rescaled. Evaluation uses the weight itself.
 *
 * The paper drops whole columns; its code draws one number for each entry of a low-norm column (`perEntry`).
 */
export function createTargeted(settings: SettingsOf<RegularizerSettings, 'targeted'>): Regularizer {
  const { granularity, dropRate, targetRate, perEntry } = settings;
  const findCandidates = granularity === 'weight' ? lowestEntries : lowestColumns;
  return {
    name: 'targeted',
    noise: (spec) => ({ drop: maskNoise(spec, perEntry ? 'weight' : granularity) }),
    prepare({ weight, noise }) {
      const hit = tf.less(requireTensor(noise, 'drop'), dropRate);
      const dropped = tf.logicalAnd(findCandidates(weight, targetRate), hit);
      return { mask: tf.sub(1, tf.cast(dropped, 'float32')) };
    },
    effectiveWeight: applyMask,
  };
}
