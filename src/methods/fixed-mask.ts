/** @file Training of a network of which a part was removed beforehand and stays removed. */
import { applyMask, requireTensor } from './masks.ts';
import type { Regularizer } from './types.ts';

/**
 * The mask, 1 where an entry is kept and 0 where it was removed, is state that no step changes; whoever begins the
 * training writes it, and zeros where it is 0. There an entry gets no gradient: it stays exactly 0, so that evaluation
 * and pruning see the weight as it is.
 */
export function createFixedMask(name: string): Regularizer {
  return {
    name,
    dropsCandidates: true,
    extraState: ({ shape }) => ({
      [MASK]: { shape, initializer: { kind: 'constant', value: 1 }, trainable: false },
    }),
    prepare: ({ state }) => ({ mask: requireTensor(state, MASK) }),
    effectiveWeight: applyMask,
  };
}

/** The name of the mask among the extra state of a weight. */
export const MASK = 'mask';
