/** @file Plain training, the method that all others are compared with. */
import { z } from 'zod';
import { name } from '../../settings/values.ts';
import { defineMethod } from '../definition.ts';

export const none = defineMethod({
  name: 'none',
  settings: z.strictObject({ name: name('none') }),
  columns: { none: 'plain training: nothing is done for the sake of pruning.' },
  load: async () => (await import('./regularizer.ts')).createNone,
});
