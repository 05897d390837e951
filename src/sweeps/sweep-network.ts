/** @file Prunes a trained network at each asked granularity and rate, and evaluates what is left. */
import type { NamedArrays } from '../arrays.ts';
import { UserError } from '../errors.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import { prunedWeights } from '../methods/pruned-weights.ts';
import type { Regularizer } from '../methods/types.ts';
import type { Model } from '../models/types.ts';
import type { Criterion, KeptEntries } from '../pruning/criteria/criterion.ts';
import type { RankedWeight, Sensitivity } from '../pruning/criteria/types.ts';
import type { Granularity } from '../pruning/types.ts';
import type { Evaluation } from '../training/evaluator.ts';
import { DENSE, describeTerms, type EvaluationTerms, findSweepRow, type SweepRow } from './rows.ts';

export interface TrainedNetwork {
  /** What its rows say of where they come from. */
  readonly names: Pick<SweepRow, 'experiment' | 'variant' | 'seed' | 'runId'>;
  readonly model: Model;
  readonly regularizer: Regularizer;
  /** The trained state, as `prunedWeights` takes it; pruning never changes it. */
  readonly state: NamedArrays;
  /** How the loss depends on each prunable weight as evaluation uses it, over training images; without it no criterion is used. */
  sensitivity?(needs: 'gradients' | 'curvature'): Promise<ReadonlyMap<string, Sensitivity>>;
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
  /** What ranks, if it is not the method's importance or the magnitude, as in the paper. Networks are then evaluated as they are. */
  readonly criterion?: Criterion;
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
 * @throws UserError if an earlier sweep has rates that are not asked for now, with another number of draws or of images for the averages
 * @yields one row for each combination, evaluations outermost, then granularities, in the order given
 */
export async function* sweepNetwork(
  network: TrainedNetwork,
  { pruneRates, granularities, evaluations = [DENSE], criterion }: PruningGrid,
  known: readonly SweepRow[] = [],
): AsyncGenerator<SweptRow, void> {
  requireSameTerms(network.names.runId, { pruneRates, granularities, evaluations }, known);
  // The loss is looked at when the first row asks for it, and once.
  let ranked: Promise<RankedWeight[]> | undefined;
  const keep = async (granularity: Granularity, rate: number): Promise<KeptEntries | undefined> => {
    if (criterion === undefined) return undefined;
    ranked ??= rankedWeights(network, criterion);
    return criterion.keep(await ranked, granularity, rate, network.names.seed);
  };
  for (const terms of evaluations) {
    for (const granularity of granularities) {
      for (const pruneRate of pruneRates) {
        const earlier = findSweepRow(known, network.names.runId, granularity, pruneRate, terms);
        const row =
          countAgain(network, earlier) ??
          (await evaluatePruned(network, granularity, pruneRate, terms, await keep(granularity, pruneRate)));
        yield { row, isKnown: earlier !== undefined };
      }
    }
  }
}

/** A column of a table would hold rates of two measurements. */
function requireSameTerms(
  runId: string,
  { pruneRates, granularities, evaluations }: Required<Omit<PruningGrid, 'criterion'>>,
  known: readonly SweepRow[],
): void {
  for (const terms of evaluations) {
    const left = known.filter(
      (row) =>
        row.runId === runId &&
        granularities.includes(row.granularity) &&
        !pruneRates.includes(row.pruneRate) &&
        row.evaluation === terms.evaluation &&
        row.recalibrated > 0 === terms.recalibrated > 0 &&
        describeTerms(row) !== describeTerms(terms),
    );
    const [first] = left;
    if (first === undefined) continue;
    const rates = [...new Set([...left.map((row) => row.pruneRate), ...pruneRates])].toSorted(
      (a, b) => a - b,
    );
    throw new UserError(
      `an earlier sweep has ${describeTerms(first)} at rates that this one would leave beside ${describeTerms(terms)}, expected the same number as then, or all rates: --prune ${rates.join(',')}`,
    );
  }
}

/** The prunable weights as a criterion sees them. */
export async function rankedWeights(
  { model, regularizer, state, sensitivity }: Omit<TrainedNetwork, 'names' | 'evaluate'>,
  { needs }: Criterion,
): Promise<RankedWeight[]> {
  const evaluated = evaluationParameters(model, regularizer, state);
  const known = needs === 'weights' ? undefined : await sensitivity?.(needs);
  return model.prunable.map(({ name, shape }) => {
    const own = known?.get(name);
    const weight = evaluated[name] as Float32Array;
    return { name, shape, weight, ...(own === undefined ? {} : { sensitivity: own }) };
  });
}

const isCounted = ({ multiplyAddsTotal }: SweepRow): boolean => !Number.isNaN(multiplyAddsTotal);

/** A row of an earlier version, which did not count multiply-adds, with those that it left out: nothing is evaluated for them. */
function countAgain(
  { model, regularizer, state }: TrainedNetwork,
  row: SweepRow | undefined,
): SweepRow | undefined {
  if (row === undefined || isCounted(row)) return row;
  const { granularity, pruneRate, evaluation } = row;
  const { accounting } = prunedWeights(model, regularizer, state, granularity, pruneRate, evaluation);
  const { multiplyAddsTotal, multiplyAddsKept } = accounting;
  return { ...row, multiplyAddsTotal, multiplyAddsKept };
}

/**
 * The rows of a network, in the order of `sweepNetwork`, if earlier sweeps have computed all of them in full.
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
        if (row === undefined || !isCounted(row)) return undefined;
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
  kept: KeptEntries | undefined,
): Promise<SweepRow> {
  const { names, model, regularizer, state } = network;
  const { parameters, accounting } = prunedWeights(
    model,
    regularizer,
    state,
    granularity,
    pruneRate,
    terms.evaluation,
    kept,
  );
  const { accuracy, loss, count } = await network.evaluate(parameters, terms);
  const { sparsity, parametersTotal, parametersKept, multiplyAddsTotal, multiplyAddsKept } = accounting;
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
    multiplyAddsTotal,
    multiplyAddsKept,
  };
}
