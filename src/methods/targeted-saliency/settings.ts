/** @file Settings of targeted dropout by saliency. */
import { z } from 'zod';
import { granularity, name, rate } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { warnIfNotSwept } from '../warnings.ts';

const settings = z.strictObject({
  name: name('targeted-saliency'),
  granularity,
  /** alpha: probability that a candidate is dropped. */
  dropRate: rate.default(0.66),
  /** gamma: share of the entries or columns of lowest saliency that are candidates. */
  targetRate: rate.default(0.75),
  /** Share of the moving average of the saliency that each step keeps. */
  decay: rate.lt(1).default(0.9),
});

export type TargetedSaliencySettings = z.output<typeof settings>;

export const targetedSaliency = defineMethod({
  name: 'targeted-saliency',
  settings,
  columns: {
    'targeted-saliency':
      'targeted dropout (α, γ) of the weights or units whose product with the gradient of the loss has been smallest of late; pruning ranks by the same.',
  },
  label: ({ dropRate, targetRate }) => ({ numbers: [dropRate, targetRate] }),
  warnings: ({ targetRate }, planned) => warnIfNotSwept(targetRate, planned),
  evaluations: () => ({ own: ['gamma', 'stochastic'] }),
  load: async () => (await import('./regularizer.ts')).createTargetedSaliency,
});
