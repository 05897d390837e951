/** @file Plain training, the method that all others are compared with. */
import type { Regularizer } from '../types.ts';

/** A method without parts. */
export function createNone(): Regularizer {
  return { name: 'none' };
}
