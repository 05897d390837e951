/** @file Finds a regularizer's implementation by the name in its settings. */
import type { RegularizerSettings } from '../config/schema.ts';
import { createDelayedPrune } from './delayed-prune.ts';
import { createDropout } from './dropout.ts';
import { createL0 } from './l0.ts';
import { createL1 } from './l1.ts';
import { createNone } from './none.ts';
import { createRamping } from './ramping.ts';
import { createRandomPrune } from './random-prune.ts';
import { createSmallify } from './smallify.ts';
import { createTargeted } from './targeted.ts';
import { createTargetedArd } from './targeted-ard.ts';
import type { Regularizer } from './types.ts';
import { createVariational } from './variational.ts';

/** The regularizer that the settings describe. A name without a case here does not compile. */
export function createRegularizer(settings: RegularizerSettings): Regularizer {
  switch (settings.name) {
    case 'none':
      return createNone();
    case 'dropout':
      return createDropout(settings);
    case 'targeted':
      return createTargeted(settings);
    case 'ramping':
      return createRamping(settings);
    case 'targeted-ard':
      return createTargetedArd(settings);
    case 'delayed-prune':
      return createDelayedPrune(settings);
    case 'random-prune':
      return createRandomPrune(settings);
    case 'l1':
      return createL1(settings);
    case 'l0':
      return createL0(settings);
    case 'variational':
      return createVariational(settings);
    case 'smallify':
      return createSmallify(settings);
  }
}
