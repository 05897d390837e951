/** @file Prunes a trained network at each asked granularity and rate, and evaluates what is left. */
import type { NamedArrays } from '../arrays.ts';
import type { Regularizer } from '../methods/types.ts';
import type { Model } from '../models/types.ts';
import type { Granularity } from '../pruning/types.ts';
import type { Evaluation } from '../training/evaluator.ts';
import { prunedWeights } from './pruned-weights.ts';
import { findSweepRow, type SweepRow } from './rows.ts';

export interface TrainedNetwork {
  /** What its rows say of where they come from. */
  readonly names: Pick<SweepRow, 'experiment' | 'variant' | 'seed' | 'runId'>;
  readonly model: Model;
  readonly regularizer: Regularizer;
  /** The trained state, as `prunedWeights` takes it; pruning never changes it. */
  readonly state: NamedArrays;
  /** Scores the test images with these parameters, which name every parameter of the model. */
  evaluate(parameters: NamedArrays): Promise<Evaluation>;
}

/** How a network is pruned: at each rate by each granularity. */
export interface PruningGrid {
  /** Each 0 to 1. */
  readonly pruneRates: readonly number[];
  readonly granularities: readonly Granularity[];
}

export interface SweptRow {
  readonly row: SweepRow;
  /** Whether an earlier sweep had computed it. */
  readonly isKnown: boolean;
}

/**
 * Prunes and evaluates a network at each granularity and rate, each time from the trained weights.
 *
 * @param known rows of earlier sweeps, which are not computed again
 * @yields one row for each pair, granularities outermost, in the order given
 */
export async function* sweepNetwork(
  network: TrainedNetwork,
  { pruneRates, granularities }: PruningGrid,
  known: readonly SweepRow[] = [],
): AsyncGenerator<SweptRow, void> {
  for (const granularity of granularities) {
    for (const pruneRate of pruneRates) {
      const earlier = findSweepRow(known, network.names.runId, granularity, pruneRate);
      const row = earlier ?? (await evaluatePruned(network, granularity, pruneRate));
      yield { row, isKnown: earlier !== undefined };
    }
  }
}

async function evaluatePruned(
  network: TrainedNetwork,
  granularity: Granularity,
  pruneRate: number,
): Promise<SweepRow> {
  const { names, model, regularizer, state } = network;
  const { parameters, accounting } = prunedWeights(model, regularizer, state, granularity, pruneRate);
  const { accuracy, loss, count } = await network.evaluate(parameters);
  const { sparsity, parametersTotal, parametersKept } = accounting;
  return {
    ...names,
    granularity,
    pruneRate,
    sparsity,
    parametersTotal,
    parametersKept,
    accuracy,
    loss,
    testImages: count,
  };
}
