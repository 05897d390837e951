/** @file Settings of L0 regularization. */
import { z } from 'zod';
import { granularity, name, rate } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { coefficient, dataCount, defaultTo } from '../values.ts';

const settings = z
  .strictObject({
    name: name('l0'),
    granularity,
    /** lambda: cost of an open gate, times its weights; by default 0.1 for weights, 0.01 for units. */
    coefficient: coefficient.optional(),
    dataCount,
    /** Share of gates that are closed at the start, as log-odds. */
    initialDropRate: rate.gt(0).lt(1).default(0.001),
  })
  .transform(defaultTo('coefficient', { weight: 0.1, unit: 0.01 }));

export type L0Settings = z.output<typeof settings>;

export const l0 = defineMethod({
  name: 'l0',
  settings,
  columns: {
    l0: 'L0 regularisation: gates that learn to close, with a penalty on those open; the number is its factor.',
  },
  label: ({ coefficient }) => ({ numbers: [coefficient] }),
  published: { isTuned: true },
  evaluations: () => ({ own: ['stochastic'] }),
  load: async () => (await import('./regularizer.ts')).createL0,
});
