/** @file Fine-tuning: a pruned network is trained on, and what was removed stays removed. */
import { createFixedMask } from '../fixed-mask.ts';
import type { Regularizer } from '../types.ts';
import type { FineTuneSettings } from './settings.ts';

export const createFineTune = ({ name }: FineTuneSettings): Regularizer => createFixedMask(name);
