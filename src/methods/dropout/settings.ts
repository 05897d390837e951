/** @file Settings of standard dropout of weights or units. */
import { z } from 'zod';
import { granularity, name, rate } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';

const settings = z.strictObject({
  name: name('dropout'),
  granularity,
  /** Probability that an entry or a column is dropped. */
  dropRate: rate.lt(1).default(0.5),
});

export type DropoutSettings = z.output<typeof settings>;

export const dropout = defineMethod({
  name: 'dropout',
  settings,
  columns: {
    dropout:
      'the number is the probability with which any weight (or unit) is left out of a step, whatever its size; the rest is scaled up.',
  },
  label: ({ dropRate }) => ({ numbers: [dropRate] }),
  evaluations: () => ({ own: ['stochastic'] }),
  load: async () => (await import('./regularizer.ts')).createDropout,
});
