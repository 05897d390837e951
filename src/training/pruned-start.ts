/** @file The state in which the training of a pruned network begins. */
import { createArray, type NamedArrays } from '../arrays.ts';
import { MASK } from '../methods/fixed-mask.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import { prunedWeights } from '../methods/pruned-weights.ts';
import type { Regularizer } from '../methods/types.ts';
import type { Granularity } from '../pruning/types.ts';
import { extraStateName, slotName } from './step-names.ts';
import type { Training } from './types.ts';

export interface Pruning {
  readonly pruneRate: number;
  readonly granularity: Granularity;
}

/** The network that a run goes on from. */
export interface ParentNetwork {
  readonly regularizer: Regularizer;
  /** Its trained state, by which it is pruned. */
  readonly final: NamedArrays;
  /** Its state at the step to which its weights go back; absent where they stay as they are. */
  readonly rewound?: NamedArrays;
}

/**
 * Prunes the parent's final network as a sweep does, and fixes the mask: 0 where the pruned network is 0, else 1.
 *
 * The parameters are those that evaluation uses, at the end of the parent's training or where they go back to: kernels times
 * the mask, all others as they are. Rewound weights have with them what the optimizer had gathered up to there, so that a
 * training with nothing pruned repeats a plain parent's; else the optimizer begins anew.
 */
export function pruneToStart(
  { model, regularizer, optimizer, signature }: Training,
  parent: ParentNetwork,
  { granularity, pruneRate }: Pruning,
): NamedArrays {
  const { parameters: pruned } = prunedWeights(
    model,
    parent.regularizer,
    parent.final,
    granularity,
    pruneRate,
  );
  const begin = parent.rewound && evaluationParameters(model, parent.regularizer, parent.rewound);
  const state: Record<string, NamedArrays[string]> = Object.fromEntries(
    Object.entries(signature.state).map(([name, spec]) => [name, createArray(spec)]),
  );
  const slots = (name: string) => optimizer.slots.map((slot) => slotName(name, slot));
  for (const { name } of model.parameters) {
    state[name] = arrayOf(begin ?? pruned, name).slice();
    if (parent.rewound === undefined) continue;
    for (const slot of slots(name).filter((own) => own in signature.state))
      state[slot] = arrayOf(parent.rewound, slot).slice();
  }
  for (const spec of model.prunable) {
    const mask = Float32Array.from(arrayOf(pruned, spec.name), (value) => (value === 0 ? 0 : 1));
    for (const extra of Object.keys(regularizer.extraState?.(spec) ?? {}))
      if (extra === MASK) state[extraStateName(spec.name, extra)] = mask;
    for (const name of [spec.name, ...slots(spec.name)]) applyMask(arrayOf(state, name), mask);
  }
  return state;
}

/** Zeroes what is masked: a product would make zeros with a sign. */
function applyMask(array: NamedArrays[string], mask: Float32Array): void {
  for (let index = 0; index < mask.length; index++) if (mask[index] === 0) array[index] = 0;
}

/** @throws Error if the state lacks it */
function arrayOf(state: NamedArrays, name: string): NamedArrays[string] {
  const array = state[name];
  if (array === undefined) throw new Error(`the parent's state has no array "${name}"`);
  return array;
}
