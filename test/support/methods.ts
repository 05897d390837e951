/** @file Methods as an experiment would write them, and what to compare of their results. */
import type * as tf from '@tensorflow/tfjs';
import type { z } from 'zod';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { methods } from '../../src/methods/registry.ts';
import type { Regularizer, WeightContext } from '../../src/methods/types.ts';

export type MethodInput = NonNullable<z.input<typeof runSettingsSchema>['regularizer']>;

/** Loaded once, so that tests can create methods where nothing can be awaited. */
const creators = new Map(
  await Promise.all([...methods].map(async ({ name, load }) => [name, await load()] as const)),
);

/** The method of these settings, all others at their defaults. */
export function createMethod(settings: MethodInput): Regularizer {
  const { regularizer } = runSettingsSchema.parse({ regularizer: settings });
  const create = creators.get(regularizer.name);
  if (create === undefined) throw new Error(`no method "${regularizer.name}"`);
  return create(regularizer);
}

/** The weight that training would use. */
export function effectiveWeight(method: Regularizer, context: WeightContext): number[] {
  return valuesOf(method.effectiveWeight?.(context));
}

/** Numbers of a tensor; a dropped negative weight is −0, which `toEqual` tells from 0. */
export function valuesOf(tensor: tf.Tensor | undefined): number[] {
  return [...(tensor?.dataSync() ?? [])].map((value) => Number(value) + 0);
}

/**
 * Checks that numbers are those expected, each within a tolerance relative to the larger of 1 and the expected number.
 *
 * @throws Error naming the first that is not
 */
export function expectNumbers(
  actual: ArrayLike<number>,
  expected: readonly number[],
  tolerance = 1e-5,
): void {
  if (actual.length !== expected.length)
    throw new Error(`got ${actual.length} numbers, expected ${expected.length}`);
  expected.forEach((wanted, index) => {
    const difference = Math.abs((actual[index] ?? Number.NaN) - wanted) / Math.max(1, Math.abs(wanted));
    if (!(difference <= tolerance))
      throw new Error(`number ${index} is ${actual[index]}, expected ${wanted} of ${expected.join(', ')}`);
  });
}
