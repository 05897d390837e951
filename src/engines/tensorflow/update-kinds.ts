/** @file What can be done to the state of a step in place, in TensorFlow's variables. */
import type { Value } from '../../compiler/graph.ts';

/** parameter ← parameter − amount */
export interface Subtraction {
  readonly kind: 'subtract';
  readonly parameter: string;
  readonly amount: Value;
}

/** Of one parameter. */
export interface Descent {
  readonly parameter: string;
  readonly accumulator: string;
  readonly gradient: Value;
}

interface Numbers {
  readonly learningRate: Value;
  readonly momentum: Value;
  readonly nesterov: boolean;
}

/**
 * accumulator ← momentum · accumulator + gradient, then parameter ← parameter − rate · accumulator, or by Nesterov
 * parameter − rate · (gradient + momentum · accumulator).
 */
export interface Momentum extends Descent, Numbers {
  readonly kind: 'momentum';
}

/** The same for several parameters by one kernel, each gradient times `factor` first. */
export interface JoinedMomentum extends Numbers {
  readonly kind: 'joined-momentum';
  readonly descents: readonly Descent[];
  readonly factor?: Value;
}

/** Of one parameter, which is an entry of the state, by name. */
export type SingleUpdate = Subtraction | Momentum;

/** What is done to entries of the state. */
export type Update = SingleUpdate | JoinedMomentum;

/** Names of the state that an update writes. */
export function writtenBy(update: Update): string[] {
  if (update.kind === 'joined-momentum')
    return update.descents.flatMap(({ parameter, accumulator }) => [parameter, accumulator]);
  return update.kind === 'momentum' ? [update.parameter, update.accumulator] : [update.parameter];
}
