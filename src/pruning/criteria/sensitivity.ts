/** @file What criteria that look at the loss have in common. */
import { at, orThrow } from '../../lookup.ts';
import { columnSums } from '../criteria.ts';
import type { Granularity } from '../types.ts';
import type { RankedWeight, Sensitivity } from './types.ts';

/** @throws Error if the caller has not computed it */
export function requireSensitivity({ name, sensitivity }: RankedWeight): Sensitivity {
  return orThrow(sensitivity, `how the loss depends on ${name} is not known`);
}

/** The weight times other numbers, entry by entry; of units summed over each column. */
export function timesWeight(
  { weight, shape }: RankedWeight,
  factors: Float32Array,
  granularity: Granularity,
): Float32Array {
  const products = weight.map((entry, index) => entry * at(factors, index));
  return granularity === 'unit' ? columnSums(products, shape) : products;
}
