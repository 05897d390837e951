/** @file Magnitude: the smallest entries go first, and the columns of the smallest root mean square. */
import { columnNorms, magnitudes, matrixShape } from '../criteria.ts';
import type { CriterionDefinition } from './types.ts';

/** Of units the root mean square counts, so that among layers those with more inputs are not favoured. */
const score: CriterionDefinition['score'] = ({ weight, shape }, granularity) => {
  if (granularity === 'weight') return magnitudes(weight);
  const root = Math.sqrt(matrixShape(shape).rows);
  return columnNorms(weight, shape).map((norm) => norm / root);
};

export const magnitude: CriterionDefinition = {
  name: 'magnitude',
  summary: 'size of a weight, or of a unit: its norm',
  needs: 'weights',
  budget: 'layer',
  score,
};

export const globalMagnitude: CriterionDefinition = {
  ...magnitude,
  name: 'global-magnitude',
  summary: 'the same, compared across all layers',
  budget: 'global',
};
