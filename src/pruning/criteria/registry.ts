/** @file The criteria that td ranks by: one line each, in the order in which they are listed. */
import { Registry } from '../../registry.ts';
import { grasp } from './grasp.ts';
import { globalMagnitude, magnitude } from './magnitude.ts';
import { random } from './random.ts';
import { snip } from './snip.ts';
import { taylor } from './taylor.ts';
import type { CriterionDefinition } from './types.ts';

export const criteria = new Registry<CriterionDefinition>('criterion', [
  magnitude,
  globalMagnitude,
  taylor,
  snip,
  grasp,
  random,
]);
