/** @file Prunes a trained network at each asked granularity and rate, and evaluates what is left. */
import type { NamedArrays } from '../arrays.ts';
import { prunedWeights } from '../methods/pruned-weights.ts';
import type { Regularizer } from '../methods/types.ts';
import type { Model } from '../models/types.ts';
import type { Granularity } from '../pruning/types.ts';
import type { Evaluation } from '../training/evaluator.ts';
import { DENSE, type EvaluationTerms, findSweepRow, type SweepRow } from './rows.ts';

export interface TrainedNetwork {
  /** What its rows say of where they come from. */
  readonly names: Pick<SweepRow, 'experiment' | 'variant' | 'seed' | 'runId'>;
  readonly model: Model;
  readonly regularizer: Regularizer;
  /** The trained state, as `prunedWeights` takes it; pruning never changes it. */
  readonly state: NamedArrays;
  /** Scores the test images with these parameters, which name every parameter of the model, on these terms. */
  evaluate(parameters: NamedArrays, terms: EvaluationTerms): Promise<Evaluation>;
}

/** How a network is pruned: for each evaluation, at each rate by each granularity. */
export interface PruningGrid {
  /** Each 0 to 1. */
  readonly pruneRates: readonly number[];
  readonly granularities: readonly Granularity[];
  /** The network as it is if absent. */
  readonly evaluations?: readonly EvaluationTerms[];
}

export interface SweptRow {
  readonly row: SweepRow;
  /** Whether an earlier sweep had computed it. */
  readonly isKnown: boolean;
}

/**
 * Prunes and evaluates a network for each evaluation, granularity and rate, each time from the trained weights.
 *
 * @param known rows of earlier sweeps, which are not computed again
 * @yields one row for each combination, evaluations outermost, then granularities, in the order given
 */
export async function* sweepNetwork(
  network: TrainedNetwork,
  { pruneRates, granularities, evaluations = [DENSE] }: PruningGrid,
  known: readonly SweepRow[] = [],
): AsyncGenerator<SweptRow, void> {
  for (const terms of evaluations) {
    for (const granularity of granularities) {
      for (const pruneRate of pruneRates) {
        const earlier = findSweepRow(known, network.names.runId, granularity, pruneRate, terms);
        const row = earlier ?? (await evaluatePruned(network, granularity, pruneRate, terms));
        yield { row, isKnown: earlier !== undefined };
      }
    }
  }
}

/**
 * The rows of a network, in the order of `sweepNetwork`, if earlier sweeps have computed all of them.
 *
 * @param runId as rows name the network
 */
export function findAllRows(
  runId: string,
  { pruneRates, granularities, evaluations = [DENSE] }: PruningGrid,
  known: readonly SweepRow[],
): SweepRow[] | undefined {
  const rows: SweepRow[] = [];
  for (const terms of evaluations) {
    for (const granularity of granularities) {
      for (const pruneRate of pruneRates) {
        const row = findSweepRow(known, runId, granularity, pruneRate, terms);
        if (row === undefined) return undefined;
        rows.push(row);
      }
    }
  }
  return rows;
}

async function evaluatePruned(
  network: TrainedNetwork,
  granularity: Granularity,
  pruneRate: number,
  terms: EvaluationTerms,
): Promise<SweepRow> {
  const { names, model, regularizer, state } = network;
  const { parameters, accounting } = prunedWeights(
    model,
    regularizer,
    state,
    granularity,
    pruneRate,
    terms.evaluation,
  );
  const { accuracy, loss, count } = await network.evaluate(parameters, terms);
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
    ...terms,
  };
}
