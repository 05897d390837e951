/** @file Settings of Smallify. */
import { z } from 'zod';
import { granularity, name, positive, rate } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { coefficient, defaultTo } from '../values.ts';

const settings = z
  .strictObject({
    name: name('smallify'),
    granularity,
    /** lambda: cost of a switch's magnitude; by default 1e-5 for weights, 1e-4 for units. */
    coefficient: coefficient.optional(),
    /** Share of the averages of a switch's sign that each step keeps. */
    decay: rate.lt(1).default(0.9),
    /** Variance of its sign at which a switch is off for good. */
    threshold: positive.default(0.5),
  })
  .transform(defaultTo('coefficient', { weight: 1e-5, unit: 1e-4 }));

export type SmallifySettings = z.output<typeof settings>;

export const smallify = defineMethod({
  name: 'smallify',
  settings,
  columns: {
    smallify:
      'a learned switch for each weight or unit, penalised, and turned off for good once its sign wavers.',
  },
  label: ({ coefficient }) => ({ numbers: [coefficient] }),
  published: { isTuned: true },
  load: async () => (await import('./regularizer.ts')).createSmallify,
});
