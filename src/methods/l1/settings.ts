/** @file Settings of the L1 penalty. */
import { z } from 'zod';
import { name } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { coefficient } from '../values.ts';

const settings = z.strictObject({
  name: name('l1'),
  /** beta */
  coefficient: coefficient.default(0.1),
  /** `mean`: mean |w| of each layer (the paper's code); `sum`: the plain norm (the paper's text). */
  reduction: z.enum(['mean', 'sum']).default('mean'),
  /** `all`: first convolution and logits, too, as in the paper's code, which prunes neither. */
  kernels: z.enum(['prunable', 'all']).default('prunable'),
});

export type L1Settings = z.output<typeof settings>;

export const l1 = defineMethod({
  name: 'l1',
  settings,
  columns: { l1: 'a penalty on the absolute values of the weights; the number is its factor.' },
  label: ({ coefficient, reduction, kernels }) => ({
    numbers: [coefficient],
    extras: [...(reduction === 'sum' ? ['plain norm'] : []), ...(kernels === 'all' ? ['all kernels'] : [])],
  }),
  published: { isTuned: true },
  load: async () => (await import('./regularizer.ts')).createL1,
});
