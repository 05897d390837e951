/** @file Settings of targeted dropout of a layer's inputs. */
import { z } from 'zod';
import { name, rate } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { warnIfNotSwept } from '../warnings.ts';

const settings = z.strictObject({
  name: name('targeted-ard'),
  /** Probability that a candidate is dropped. */
  dropRate: rate.default(0.25),
  /** Share of the layer's inputs whose weights are candidates. */
  targetRate: rate.default(0.5),
  /** Draw each weight of a candidate input by itself; false drops the input as a whole. */
  perEntry: z.boolean().default(true),
});

export type TargetedArdSettings = z.output<typeof settings>;

export const targetedArd = defineMethod({
  name: 'targeted-ard',
  settings,
  columns: {
    'targeted-ard': 'targeted dropout (α, γ) of the inputs whose weights and activations are small.',
  },
  label: ({ dropRate, targetRate }) => ({ numbers: [dropRate, targetRate] }),
  // Which inputs are candidates depends on what the layer is given.
  evaluations: () => ({ own: ['stochastic'] }),
  warnings: ({ targetRate }, planned) => warnIfNotSwept(targetRate, planned),
  load: async () => (await import('./regularizer.ts')).createTargetedArd,
});
