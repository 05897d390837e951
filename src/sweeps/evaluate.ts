/** @file Evaluation of one trained network at every asked prune rate and granularity. */
import type { NamedArrays } from '../engines/types.ts';
import type { Regularizer } from '../methods/types.ts';
import type { Model } from '../models/types.ts';
import type { Granularity } from '../pruning/types.ts';
import { prunedWeights } from './pruned-weights.ts';

/** What a network scores on test images. */
export interface Evaluation {
  /** Share of the images classified correctly, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Number of images. */
  readonly count: number;
}

/** A trained network at one rate: what was asked, what was got. */
export interface PruneResult {
  readonly granularity: Granularity;
  /** Asked share to remove, 0 to 1. */
  readonly pruneRate: number;
  /** Achieved share of zeros over the prunable weights, 0 to 1. */
  readonly sparsity: number;
  readonly parametersTotal: number;
  readonly parametersKept: number;
  /** Share of test images classified correctly, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  readonly testImages: number;
}

export interface SweepOptions {
  readonly model: Model;
  readonly regularizer: Regularizer;
  /** The trained state, as `prunedWeights` takes it; pruning never changes it. */
  readonly state: NamedArrays;
  /** Each 0 to 1. */
  readonly rates: readonly number[];
  readonly granularities: readonly Granularity[];
  /** Scores the test set with these parameters, which name every parameter of the model. */
  evaluate(parameters: NamedArrays): Promise<Evaluation>;
  /** A result known from before, which is then not computed again. */
  done?(granularity: Granularity, rate: number): PruneResult | undefined;
  /** Called after each result, in order. */
  onRow?(row: PruneResult, reused: boolean): void | Promise<void>;
}

/**
 * Prunes and evaluates a network at each granularity and rate, each time from the trained weights.
 *
 * @returns one result per pair, granularities outermost, in the order given
 */
export async function sweepRun(options: SweepOptions): Promise<PruneResult[]> {
  const results: PruneResult[] = [];
  for (const granularity of options.granularities) {
    for (const rate of options.rates) {
      const known = options.done?.(granularity, rate);
      const row = known ?? (await evaluateAt(options, granularity, rate));
      results.push(row);
      await options.onRow?.(row, known !== undefined);
    }
  }
  return results;
}

async function evaluateAt(
  options: SweepOptions,
  granularity: Granularity,
  rate: number,
): Promise<PruneResult> {
  const { model, regularizer, state } = options;
  const { parameters, accounting } = prunedWeights(model, regularizer, state, granularity, rate);
  const { accuracy, loss, count } = await options.evaluate(parameters);
  const { sparsity, parametersTotal, parametersKept } = accounting;
  return {
    granularity,
    pruneRate: rate,
    sparsity,
    parametersTotal,
    parametersKept,
    accuracy,
    loss,
    testImages: count,
  };
}
