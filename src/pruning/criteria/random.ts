/** @file Random: what every other criterion has to beat. */
import { fillUniform } from '../../random/streams.ts';
import { matrixShape } from '../criteria.ts';
import type { CriterionDefinition } from './types.ts';

export const random: CriterionDefinition = {
  name: 'random',
  summary: "at random, drawn by the run's seed",
  needs: 'weights',
  budget: 'layer',
  score({ name, weight, shape }, granularity, seed) {
    const count = granularity === 'unit' ? matrixShape(shape).columns : weight.length;
    const scores = new Float32Array(count);
    fillUniform({ seed, purpose: `criterion/random/${granularity}/${name}`, index: 0 }, scores);
    return scores;
  },
};
