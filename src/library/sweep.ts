/** @file What `td sweep` does, as a stream of rows. */
import { z } from 'zod';
import type { SweepSettings } from '../config/schema.ts';
import { ASKED_EVALUATIONS, type AskedEvaluation } from '../methods/evaluations.ts';
import { DEFAULT_RESULTS } from '../next-command.ts';
import type { StartStage } from '../progress.ts';
import { type AskedCriterion, parseCriterion } from '../pruning/criteria/criterion.ts';
import type { Budget } from '../pruning/criteria/types.ts';
import { MOST_RATES } from '../pruning/rates.ts';
import { settingsOfEvaluation } from '../runner/trial/decisive.ts';
import { findRuns, refusalOf } from '../runs/find.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import { countTo, listOf } from '../settings/values.ts';
import { listTerms } from '../sweeps/evaluations.ts';
import { planExperiment, requirePossible, requireTrainingImages } from '../sweeps/plan.ts';
import { readSweep } from '../sweeps/read-sweep.ts';
import { type SweepRow, sweepPath } from '../sweeps/rows.ts';
import { addSweepRows } from '../sweeps/store.ts';
import { chooseFor, EXECUTION_SCHEMAS, type ExecutionChoice } from './engine.ts';
import { type Experiment, requireExperiment } from './experiment-class.ts';
import { requireOptions, type SchemasOf } from './options.ts';
import { quietly } from './quietly.ts';

export interface SweepOptions extends ExecutionChoice {
  /** Each at least 0 and below 1; the experiment's own if absent. */
  readonly pruneRates?: readonly number[];
  /** The experiment's own if absent. */
  readonly granularity?: SweepSettings['granularity'];
  /** How pruned networks are judged; `['dense']`, the network as it is, if absent. */
  readonly evaluate?: readonly AskedEvaluation[];
  /** Of `stochastic` evaluations: how often noise is drawn. */
  readonly draws?: number;
  /** Training images on which batch-norm averages are taken anew; none if absent. */
  readonly recalibrate?: number;
  /** What ranks: the paper's magnitude, or the method's own importance, if absent. Rows go to `sweep-<criterion>.csv`. */
  readonly criterion?: AskedCriterion;
  /** Is told of files that are fetched or read. */
  readonly startStage?: StartStage;
}

/** At least 0 and below 1. */
const share = z.number().min(0).lt(1);
/** Nine digits, as flags have them. */
const number = countTo(999_999_999);

const criterion = z
  .strictObject({
    name: z.string(),
    budget: z.enum(['layer', 'global'] satisfies Budget[]).optional(),
    keepAtLeast: share.optional(),
    images: number.optional(),
  } satisfies SchemasOf<AskedCriterion>)
  .describe('an object such as { name: "taylor" }');

const SCHEMA = z.strictObject({
  ...EXECUTION_SCHEMAS,
  pruneRates: listOf(share, 1, MOST_RATES).optional(),
  granularity: z.enum(['weight', 'unit', 'both'] satisfies SweepSettings['granularity'][]).optional(),
  evaluate: z.array(z.enum(ASKED_EVALUATIONS)).min(1).optional(),
  draws: number.optional(),
  recalibrate: number.optional(),
  criterion: criterion.optional(),
} satisfies SchemasOf<SweepOptions>);

/**
 * Prunes the trained runs of an experiment at increasing rates, without retraining, and measures what is left. The rows of each
 * run are added to its `sweep.csv` at its end; rows that it has already are not computed again.
 *
 * @yields a row for each run, evaluation, granularity and rate
 * @throws UserError if there is no such option, a value is out of its range, there is no such criterion, options do not go together, nothing is trained, a run is damaged, or the engine cannot run here
 */
export async function* sweep(
  experiment: Experiment,
  options: SweepOptions = {},
): AsyncGenerator<SweepRow, void, undefined> {
  requireExperiment('sweep', experiment);
  requireOptions('sweep', options, SCHEMA, ['signal', 'startStage']);
  const { results = DEFAULT_RESULTS, startStage = quietly, signal } = options;
  const { name } = experiment;
  const criterion = options.criterion && parseCriterion(options.criterion);
  const { criterion: _, ...others } = options;
  const choice = {
    ...others,
    ...(criterion && { criterion }),
    ...(options.pruneRates && { pruneRates: inOrder(options.pruneRates) }),
    results,
  };
  requirePossible(choice);
  const task = planExperiment(experiment.definition, findRuns(results, [name]), choice);
  requireTrainingImages(task);
  const [leftOut] = task.leftOut;
  if (leftOut !== undefined) throw refusalOf(leftOut);
  const [first] = task.runs;
  const settings = first && settingsOfEvaluation(readRunSettings(first.directory).settings);
  const { engine } = await chooseFor(options, settings);
  const { TrainedNetworks } = await import('../sweeps/trained-networks.ts');
  const { sweepNetwork } = await import('../sweeps/sweep-network.ts');
  const networks = new TrainedNetworks(engine, startStage, options.criterion?.images);
  try {
    for (const run of task.runs) {
      const rows: SweepRow[] = [];
      try {
        signal?.throwIfAborted();
        const network = await networks.open(run, task.datasets, signal);
        const evaluations = listTerms(readRunSettings(run.directory).settings, task);
        const known = readSweep(sweepPath(results, name, criterion?.id));
        for await (const { row } of sweepNetwork(network, { ...task, evaluations }, known)) {
          rows.push(row);
          yield row;
        }
      } finally {
        const waiting = signal === undefined ? {} : { signal };
        await addSweepRows(results, name, rows, task.variants, waiting, criterion?.id);
      }
    }
  } finally {
    networks.dispose();
  }
}

function inOrder(rates: readonly number[]): number[] {
  return [...new Set(rates)].sort((a, b) => a - b);
}
