/** @file Ramping targeted dropout: alpha and gamma rise over training to rates at which few weights are left. */

import { type Progress, parseLength } from '../../settings/training-time.ts';
import { removeLowest } from '../host-weights.ts';
import { l1Penalty } from '../l1/regularizer.ts';
import { applyMask, dropCandidates, dropNoise, findLowest, requireScalar } from '../masks.ts';
import type { Regularizer } from '../types.ts';
import type { RampingSettings } from './settings.ts';

/** Share of gamma that is reached at the end of the first part of the ramp. */
const FIRST_SHARE = 0.95;

/**
 * Targeted dropout whose gamma rises linearly from 0 to 95 % of `targetRate` over the first part of the ramp and to all
 * of it over the second, while alpha rises linearly from 0 to `dropRate` over both; then they stay. Everything else is
 * as in targeted dropout.
 */
export function createRamping(settings: RampingSettings): Regularizer {
  const { granularity, targetRate, perEntry, l1 } = settings;
  return {
    name: 'ramping',
    dropsCandidates: true,
    noise: (spec) => ({
      drop: dropNoise(spec, perEntry ? 'weight' : granularity, (progress) => dropRateAt(settings, progress)),
    }),
    scalars: (progress) => ({ targetRate: targetRateAt(settings, progress) }),
    prepare({ weight, noise, scalars }) {
      const candidates = findLowest(weight, granularity, requireScalar(scalars, 'targetRate'));
      return { mask: dropCandidates(candidates, noise) };
    },
    effectiveWeight: applyMask,
    // A ramp that outlasts the training ends below it: evaluation knows the settings and not the step.
    withoutCandidates: (host) => removeLowest(host, granularity, targetRate),
    ...l1Penalty(l1, 'mean'),
  };
}

function dropRateAt({ dropRate, ramp }: RampingSettings, progress: Progress): number {
  return dropRate * progress.shareOf(parseLength(ramp.first), parseLength(ramp.second));
}

function targetRateAt({ targetRate, ramp }: RampingSettings, progress: Progress): number {
  const [first, second] = [parseLength(ramp.first), parseLength(ramp.second)];
  const rise =
    FIRST_SHARE * progress.shareOf(first) + (1 - FIRST_SHARE) * progress.since(first).shareOf(second);
  return targetRate * rise;
}
