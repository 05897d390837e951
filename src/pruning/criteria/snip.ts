/** @file SNIP (Lee, Ajanthan & Torr 2019): how much the loss depends on whether a connection is there. */
import { requireSensitivity, timesWeight } from './sensitivity.ts';
import type { CriterionDefinition } from './types.ts';

/** |∂L/∂c| of a mask c that multiplies an entry, or a whole unit, at c = 1: |w · ∂L/∂w|, of a unit |Σ w · ∂L/∂w|. */
export const snip: CriterionDefinition = {
  name: 'snip',
  summary: 'size of the slope of the loss in a mask (Lee et al. 2019)',
  needs: 'gradients',
  budget: 'global',
  score(weight, granularity) {
    return timesWeight(weight, requireSensitivity(weight).gradient, granularity).map(Math.abs);
  },
};
