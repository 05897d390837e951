/** @file The methods that td knows: one line each, in the order of the columns of the paper's tables. */
import type { z } from 'zod';
import { Registry } from '../registry.ts';
import { choiceOf } from '../settings/choice.ts';
import type { MethodDefinition } from './definition.ts';
import { delayedPrune } from './delayed-prune/settings.ts';
import { dropout } from './dropout/settings.ts';
import { fineTune } from './fine-tune/settings.ts';
import { gradualMagnitude } from './gradual-magnitude/settings.ts';
import { l0 } from './l0/settings.ts';
import { l1 } from './l1/settings.ts';
import { none } from './none/settings.ts';
import { ramping } from './ramping/settings.ts';
import { randomPrune } from './random-prune/settings.ts';
import { rewind } from './rewind/settings.ts';
import { smallify } from './smallify/settings.ts';
import { targeted } from './targeted/settings.ts';
import { targetedArd } from './targeted-ard/settings.ts';
import { targetedSaliency } from './targeted-saliency/settings.ts';
import type { Regularizer } from './types.ts';
import { variational } from './variational/settings.ts';

/** The columns of the paper's tables in their order, then what the paper has in its code only, then others. */
const BUILT_IN = [
  none,
  dropout,
  targeted,
  variational,
  l1,
  l0,
  smallify,
  ramping,
  randomPrune,
  targetedArd,
  delayedPrune,
  targetedSaliency,
  gradualMagnitude,
  fineTune,
  rewind,
] as const;

export const methods = new Registry<MethodDefinition>('method', BUILT_IN);

/** The settings of all methods, told apart by `name`; a method that is registered later needs a new schema. */
export function regularizerSchema() {
  return choiceOf<typeof BUILT_IN>(methods);
}

export type RegularizerSettings = z.output<ReturnType<typeof regularizerSchema>>;

/** The regularizer that the settings describe, with tfjs, which is loaded here at the latest. */
export async function createRegularizer(settings: RegularizerSettings): Promise<Regularizer> {
  const create = await methods.get(settings.name).load();
  return create(settings);
}
