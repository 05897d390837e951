/** @file Targeted dropout: only the lowest-ranked weights or units are candidates for dropping. */
import { removeLowest } from '../host-weights.ts';
import { l1Penalty } from '../l1/regularizer.ts';
import { applyMask, dropCandidates, dropNoise, findLowest } from '../masks.ts';
import type { Regularizer } from '../types.ts';
import type { TargetedSettings } from './settings.ts';

/**
 * The share gamma (`targetRate`) of lowest magnitude is chosen at every step, by |w| within each column (weight) or by
 * column norm within the layer (unit). A candidate is dropped with probability alpha (`dropRate`); what is kept is
 * not rescaled. Evaluation uses the weight itself.
 *
 * The paper drops whole columns; its code draws one number for each entry of a low-norm column (`perEntry`).
 * `l1` adds the L1 penalty beta · mean |w| to the loss, as the paper's code combines the two.
 */
export function createTargeted(settings: TargetedSettings): Regularizer {
  const { granularity, dropRate, targetRate, perEntry, l1 } = settings;
  return {
    name: 'targeted',
    dropsCandidates: true,
    noise: (spec) => ({ drop: dropNoise(spec, perEntry ? 'weight' : granularity, dropRate) }),
    prepare: ({ weight, noise }) => ({
      mask: dropCandidates(findLowest(weight, granularity, targetRate), noise),
    }),
    effectiveWeight: applyMask,
    withoutCandidates: (host) => removeLowest(host, granularity, targetRate),
    ...l1Penalty(l1, 'mean'),
  };
}
