/** @file Settings of fine-tuning after pruning (Han et al. 2015). */
import { z } from 'zod';
import { granularity, name, positive } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { labelParent, parentSettings } from '../values.ts';

const settings = z.strictObject({
  name: name('fine-tune'),
  granularity,
  ...parentSettings,
  /** Of all steps, whatever schedule.learningRate says; that of the parent's last step if null. */
  learningRate: positive.nullable().default(null),
});

export type FineTuneSettings = z.output<typeof settings>;

export const fineTune = defineMethod({
  name: 'fine-tune',
  settings,
  columns: {
    'fine-tune':
      'fine-tuning: the smallest weights or units of a trained network, a share given by the number, are removed, and what is left is trained on at a constant, low learning rate.',
  },
  label: ({ pruneRate, from }) => ({ numbers: [pruneRate], extras: labelParent(from) }),
  continues: ({ learningRate, ...rest }) => ({ ...rest, schedule: { kind: 'constant', learningRate } }),
  load: async () => (await import('./regularizer.ts')).createFineTune,
});
