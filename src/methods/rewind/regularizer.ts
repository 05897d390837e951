/** @file Rewinding: a pruned network is trained again from an earlier point, and what was removed stays removed. */
import { createFixedMask } from '../fixed-mask.ts';
import type { Regularizer } from '../types.ts';
import type { RewindSettings } from './settings.ts';

export const createRewind = ({ name }: RewindSettings): Regularizer => createFixedMask(name);
