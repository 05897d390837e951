/** @file A trained network as evaluation sees it: the method's evaluation weights, pruned on copies. */
import type { NamedArrays } from '../arrays.ts';
import type { Model } from '../models/types.ts';
import { type Accounting, accountFor } from '../pruning/accounting.ts';
import { scoresOf } from '../pruning/criteria.ts';
import { pruneWeight } from '../pruning/prune.ts';
import type { EvaluationKind, Granularity } from '../pruning/types.ts';
import { evaluationParameters, hostWeight, removeCandidates } from './host-weights.ts';
import type { Regularizer } from './types.ts';

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
 * For the evaluation `gamma` the method's candidates are removed first. For `stochastic` the trained weight itself is pruned,
 * by the same ranking: the pass with noise makes of it what it makes in training.
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
  evaluation: EvaluationKind = 'dense',
): PrunedNetwork {
  const judged = evaluation === 'gamma' ? removeCandidates(model, regularizer, state) : state;
  const evaluated = evaluationParameters(model, regularizer, judged);
  const pruned = model.prunable.map((spec): [string, Float32Array] => {
    const weight = evaluated[spec.name] as Float32Array;
    const host = hostWeight(spec, regularizer, judged);
    const scores = regularizer.importance?.(host, granularity) ?? scoresOf(weight, spec.shape, granularity);
    const left = evaluation === 'stochastic' ? host.weight : weight;
    return [spec.name, pruneWeight(left, spec.shape, scores, granularity, pruneRate).weight];
  });
  const weights = new Map(pruned);
  return {
    parameters: { ...evaluated, ...Object.fromEntries(pruned) },
    accounting: accountFor(model, ({ name }) => weights.get(name) as Float32Array),
  };
}
