/**
 * @file The targeting rates of an experiment's methods: every sweep of the experiment has them among its prune rates. The rate at
 * which the network was pruned that a run goes on from counts as one.
 */
import { continuationOf } from '../methods/continuation.ts';
import type { AnySettings } from '../methods/definition.ts';

/** A variant, or one of its runs. */
export interface SweptVariant {
  readonly variant: string;
  readonly regularizer: AnySettings;
}

/** A prune rate that nobody asked for. */
export interface TargetedRate {
  readonly rate: number;
  /** Names of the variants that it is the targeting rate of. */
  readonly variants: readonly string[];
}

/**
 * The targeting rates that the asked rates lack. All variants are pruned at each of them, so that a table compares the targeted ones
 * at their own rate with the others: no row has a hole. Nothing is to be seen of a network that loses nothing or all of its
 * weights, so 0 and 1 are none.
 *
 * @param asked prune rates, 0 to 1
 * @returns in rising order
 */
export function listTargetRates(asked: readonly number[], variants: readonly SweptVariant[]): TargetedRate[] {
  const owners = new Map<number, Set<string>>();
  for (const { variant, regularizer } of variants) {
    const rate = continuationOf(regularizer)?.pruneRate ?? regularizer.targetRate ?? 0;
    if (rate <= 0 || rate >= 1 || asked.includes(rate)) continue;
    owners.set(rate, (owners.get(rate) ?? new Set()).add(variant));
  }
  return [...owners]
    .map(([rate, names]) => ({ rate, variants: [...names] }))
    .toSorted((a, b) => a.rate - b.rate);
}

/** Asked rates and targeting rates, in rising order. */
export function joinRates(asked: readonly number[], targeted: readonly TargetedRate[]): number[] {
  return [...asked, ...targeted.map(({ rate }) => rate)].toSorted((a, b) => a - b);
}

/** `0.75 (targeted-weight, targeted-unit), 0.9 (ramping-unit)` */
export function describeTargetRates(targeted: readonly TargetedRate[]): string {
  return targeted.map(({ rate, variants }) => `${rate} (${variants.join(', ')})`).join(', ');
}
