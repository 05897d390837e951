/** @file GraSP (Wang, Zhang & Grosse 2020): what keeps the norm of the gradient up. */
import { orThrow } from '../../lookup.ts';
import { requireSensitivity, timesWeight } from './sensitivity.ts';
import type { CriterionDefinition } from './types.ts';

/** w · H g: removing an entry changes ½‖g‖² by −w · H g to first order, so those that would raise it go first. */
export const grasp: CriterionDefinition = {
  name: 'grasp',
  summary: 'what removing a weight takes from the gradient (Wang et al. 2020)',
  needs: 'curvature',
  budget: 'global',
  score(weight, granularity) {
    const product = orThrow(requireSensitivity(weight).product, `no curvature of ${weight.name} is known`);
    return timesWeight(weight, product, granularity);
  },
};
