/** @file Settings of rewinding after pruning (Frankle et al. 2020; Renda et al. 2020). */
import { z } from 'zod';
import { granularity, name, point } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';
import { labelParent, parentSettings } from '../values.ts';

const settings = z.strictObject({
  name: name('rewind'),
  granularity,
  ...parentSettings,
  /** `learning-rate`: the schedule alone goes back, the weights are the parent's last; `weights`: they go back as well. */
  what: z.enum(['learning-rate', 'weights']).default('learning-rate'),
  /** Where in the parent's training its schedule, and its weights, are taken up again. */
  to: point.default(0),
});

export type RewindSettings = z.output<typeof settings>;

export const rewind = defineMethod({
  name: 'rewind',
  settings,
  columns: {
    'learning-rate rewinding':
      'learning-rate rewinding: the smallest weights or units of a trained network, a share given by the number, are removed, and what is left is trained again by the schedule that the network was trained by, from some point on.',
    'weight rewinding':
      'weight rewinding, as for lottery tickets: what is left of a trained network, when the smallest weights or units are removed, a share given by the number, goes back to the weights that it had at an early point, and is trained again from there.',
  },
  label: ({ what, pruneRate, to, from }) => ({
    column: what === 'weights' ? 'weight rewinding' : 'learning-rate rewinding',
    numbers: [pruneRate],
    extras: [
      typeof to === 'number' ? `to epoch ${to}` : `to step ${to.replace('it', '')}`,
      ...labelParent(from),
    ],
  }),
  continues: ({ what, to, ...rest }) => ({
    ...rest,
    schedule: { kind: 'replay', to, rewindsWeights: what === 'weights' },
  }),
  load: async () => (await import('./regularizer.ts')).createRewind,
});
