/** @file Settings of delayed pruning. */
import { z } from 'zod';
import { granularity, name, point, rate } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { warnIfKeptEarlier, warnIfNeverReached, warnIfNotSwept } from '../warnings.ts';

const settings = z.strictObject({
  name: name('delayed-prune'),
  granularity,
  /** Share of the lowest-ranked entries or columns that are zero from `delay` on. */
  targetRate: rate.default(0.5),
  delay: point.default('5000it'),
});

export type DelayedPruneSettings = z.output<typeof settings>;

export const delayedPrune = defineMethod({
  name: 'delayed-prune',
  settings,
  columns: {
    'delayed-prune':
      'the smallest share of the weights or units, given by the number, is removed in mid-training.',
  },
  label: ({ targetRate }) => ({ numbers: [targetRate] }),
  warnings: ({ delay, targetRate }, planned) => [
    ...warnIfNeverReached('delay', delay, planned, 'nothing is pruned in training'),
    ...warnIfKeptEarlier('weights are pruned (delay)', [delay], planned),
    ...warnIfNotSwept(targetRate, planned),
  ],
  load: async () => (await import('./regularizer.ts')).createDelayedPrune,
});
