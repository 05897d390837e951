/** @file A trained network as evaluation sees it: the method's evaluation weights, pruned on copies. */
import type { NamedArrays } from '../arrays.ts';
import { evaluationParameters, hostWeight } from '../methods/host-weights.ts';
import type { Regularizer } from '../methods/types.ts';
import type { Model, PrunableWeight } from '../models/types.ts';
import { type Accounting, accountFor } from '../pruning/accounting.ts';
import { columnNorms, magnitudes } from '../pruning/criteria.ts';
import { pruneWeight } from '../pruning/prune.ts';
import type { Granularity } from '../pruning/types.ts';

export interface PrunedNetwork {
  /** Every parameter of the model by name; prunable weights are new arrays, the others those of the state. */
  readonly parameters: NamedArrays;
  readonly accounting: Accounting;
}

/**
 * Prunes every prunable weight at the same rate, without retraining, as the paper does. Each weight is first replaced
 * by the method's evaluation weight; then it is ranked by the method's importance, which sees the trained weight and
 * its extra state, or else by magnitude or column norm of the evaluation weight.
 *
 * @param state trained arrays by parameter name, and the method's extra state by `<weight name>/<extra name>`;
 *   it may hold more, and stays as it is
 * @param pruneRate share to remove, 0 to 1
 * @throws UserError if the state lacks an array of the model or one has the wrong length
 */
export function prunedWeights(
  model: Model,
  regularizer: Regularizer,
  state: NamedArrays,
  granularity: Granularity,
  pruneRate: number,
): PrunedNetwork {
  const evaluated = evaluationParameters(model, regularizer, state);
  const pruned = model.prunable.map((spec): [string, Float32Array] => {
    const weight = evaluated[spec.name] as Float32Array;
    const host = hostWeight(spec, regularizer, state);
    const scores = regularizer.importance?.(host, granularity) ?? defaultScores(weight, spec, granularity);
    return [spec.name, pruneWeight(weight, spec.shape, scores, granularity, pruneRate).weight];
  });
  const weights = new Map(pruned);
  return {
    parameters: { ...evaluated, ...Object.fromEntries(pruned) },
    accounting: accountFor(model, ({ name }) => weights.get(name) as Float32Array),
  };
}

function defaultScores(weight: Float32Array, spec: PrunableWeight, granularity: Granularity): Float32Array {
  return granularity === 'unit' ? columnNorms(weight, spec.shape) : magnitudes(weight);
}
