/** @file Ramping targeted dropout: alpha and gamma rise over training to rates at which few weights are left. */

import { parsePoint, stepsUntil } from '../../settings/point.ts';
import { l1Penalty } from '../l1/regularizer.ts';
import { applyMask, dropCandidates, dropNoise, findLowest, requireScalar } from '../masks.ts';
import type { Progress, Regularizer } from '../types.ts';
import type { RampingSettings } from './settings.ts';

/** Share of gamma that is reached at the end of the first part of the ramp. */
const FIRST_SHARE = 0.95;

/**
 * Targeted dropout whose gamma rises linearly from 0 to 95 % of `targetRate` over the first part of the ramp and to all
 * of it over the second, while alpha rises linearly from 0 to `dropRate` over both; then they stay. Everything else is
 * as in targeted dropout.
 */
export function createRamping(settings: RampingSettings): Regularizer {
  const { granularity, perEntry, l1 } = settings;
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
    ...l1Penalty(l1, 'mean'),
  };
}

function dropRateAt({ dropRate, ramp }: RampingSettings, { step, stepsPerEpoch }: Progress): number {
  const { first, second } = partsOf(ramp, stepsPerEpoch);
  return dropRate * rise(step, first + second);
}

function targetRateAt({ targetRate, ramp }: RampingSettings, { step, stepsPerEpoch }: Progress): number {
  const { first, second } = partsOf(ramp, stepsPerEpoch);
  return targetRate * (FIRST_SHARE * rise(step, first) + (1 - FIRST_SHARE) * rise(step - first, second));
}

/** In steps. */
function partsOf({ first, second }: RampingSettings['ramp'], stepsPerEpoch: number) {
  return {
    first: stepsUntil(parsePoint(first), stepsPerEpoch),
    second: stepsUntil(parsePoint(second), stepsPerEpoch),
  };
}

/** From 0 at step 0 to 1 at the end of a part; a part without steps is over at once. */
function rise(step: number, length: number): number {
  if (step < 0) return 0;
  return step >= length ? 1 : step / length;
}
