/** @file First-order Taylor expansion (Molchanov et al. 2019, "Importance Estimation for Neural Network Pruning", eq. 8). */
import { requireSensitivity } from './sensitivity.ts';
import type { CriterionDefinition } from './types.ts';

/** (w · ∂L/∂w)², of a unit with the sum over its entries inside the square, averaged over batches. */
export const taylor: CriterionDefinition = {
  name: 'taylor',
  summary: 'squared change of the loss to first order (Molchanov et al. 2019)',
  needs: 'gradients',
  budget: 'global',
  score(weight, granularity) {
    const { squaredEntries, squaredColumns } = requireSensitivity(weight);
    return granularity === 'unit' ? squaredColumns : squaredEntries;
  },
};
