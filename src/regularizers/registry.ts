/** @file Finds a regularizer's implementation by the name in its settings. */
import type { RegularizerSettings } from '../config/schema.ts';
import { createDropout } from './dropout.ts';
import { createL1 } from './l1.ts';
import { createNone } from './none.ts';
import { createTargeted } from './targeted.ts';
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
    case 'l1':
      return createL1(settings);
    case 'variational':
      return createVariational(settings);
  }
}
