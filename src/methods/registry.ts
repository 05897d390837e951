/** @file Finds a regularizer's implementation by the name in its settings. */
import type { RegularizerSettings } from '../config/schema.ts';
import { createDelayedPrune } from './delayed-prune/regularizer.ts';
import { createDropout } from './dropout/regularizer.ts';
import { createL0 } from './l0/regularizer.ts';
import { createL1 } from './l1/regularizer.ts';
import { createNone } from './none/regularizer.ts';
import { createRamping } from './ramping/regularizer.ts';
import { createRandomPrune } from './random-prune/regularizer.ts';
import { createSmallify } from './smallify/regularizer.ts';
import { createTargeted } from './targeted/regularizer.ts';
import { createTargetedArd } from './targeted-ard/regularizer.ts';
import type { Regularizer } from './types.ts';
import { createVariational } from './variational/regularizer.ts';

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
