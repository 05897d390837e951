/** @file Settings of random pruning. */
import { z } from 'zod';
import { granularity, name, rate } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { warnIfNotSwept } from '../warnings.ts';

const settings = z.strictObject({
  name: name('random-prune'),
  granularity,
  /** Share of the entries of each column, or of the columns, that the mask removes. */
  targetRate: rate.default(0.5),
  /** Probability that what the mask removes is zero at a step of training; the paper's code drops, the text prunes. */
  dropRate: rate.default(1),
});

export type RandomPruneSettings = z.output<typeof settings>;

export const randomPrune = defineMethod({
  name: 'random-prune',
  settings,
  columns: {
    'random-prune':
      'a random share of the weights or units, given by the number, is removed before training.',
  },
  label: ({ targetRate, dropRate }) => ({
    numbers: [targetRate],
    extras: dropRate < 1 ? [`dropped at ${dropRate}`] : [],
  }),
  published: { isTrainedPerRate: true },
  warnings: ({ targetRate }, planned) => warnIfNotSwept(targetRate, planned),
  evaluations: ({ dropRate }) => ({ own: dropRate < 1 ? ['stochastic'] : [] }),
  load: async () => (await import('./regularizer.ts')).createRandomPrune,
});
