/** @file What a sweep is asked to do: which trained runs, at which rates and granularities. */
import { expandRuns, type RunSpec } from '../config/experiment.ts';
import { experimentSchema, type SweepSettings } from '../config/schema.ts';
import type { DatasetSettings } from '../data/registry.ts';
import { UserError } from '../errors.ts';
import { compareNaturally } from '../order.ts';
import { parsePruneRates } from '../pruning/rates.ts';
import type { Granularity } from '../pruning/types.ts';
import { recallImages } from '../runner/data-identity.ts';
import type { DamagedRun, FinishedRun } from '../runs/find.ts';
import { loadExperiments, requireResultsFolder, wordCommand } from '../terminal/experiments.ts';
import { lookUpRuns } from '../terminal/found-runs.ts';
import { readSweep, sweepPath } from './rows.ts';

export interface SweepChoice {
  /** Replaces the experiment's own rates. */
  readonly prune?: string;
  readonly granularity?: SweepSettings['granularity'];
  readonly results: string;
}

/** What is asked of one experiment. */
export interface SweepTask {
  readonly experiment: string;
  /** Names in the order of the file, or of the last sweep if no file was named. */
  readonly variants: readonly string[];
  readonly rates: readonly number[];
  readonly granularities: readonly Granularity[];
  /** At least one, or one of the damaged. */
  readonly runs: readonly FinishedRun[];
  /** Of the variants, as their file has them now. */
  readonly datasets: readonly DatasetSettings[];
  /** Cannot be swept. */
  readonly damaged: readonly DamagedRun[];
  /** The runs of the file, if one was named. */
  readonly expected?: readonly RunSpec[];
}

/**
 * The tasks of a sweep: one for each experiment file, or for each experiment with trained runs if there are none.
 *
 * @throws UserError if a range or a file is wrong, or nothing is trained
 */
export function planSweep(files: readonly string[], choice: SweepChoice): SweepTask[] {
  // A malformed range is refused before anything is looked up.
  if (choice.prune !== undefined) ratesOf(choice.prune);
  requireResultsFolder(choice.results, 'write');
  return files.length > 0 ? tasksOfFiles(files, choice) : tasksOfResults(choice);
}

function tasksOfFiles(files: readonly string[], choice: SweepChoice): SweepTask[] {
  return loadExperiments(files).map((experiment) => {
    const { name, path, variants, sweep } = experiment;
    const { runs, damaged } = lookUpFinished(choice.results, [name]);
    if (runs.length + damaged.length === 0) {
      const command = wordCommand('run', [path], choice.results);
      throw new UserError(
        `no run of experiment "${name}" is trained in ${choice.results}; train with: ${command}`,
      );
    }
    const names = variants.map((variant) => variant.name);
    const datasets = variants.map(({ settings }) => settings.dataset);
    const expected = expandRuns(recallImages(experiment));
    return { experiment: name, variants: names, runs, damaged, datasets, expected, ...gridOf(sweep, choice) };
  });
}

function tasksOfResults(choice: SweepChoice): SweepTask[] {
  const { runs, damaged } = lookUpFinished(choice.results);
  if (runs.length + damaged.length === 0)
    throw new UserError(`nothing is trained in ${choice.results}; train with: td run <experiment.yaml>`);
  const grid = gridOf(experimentSchema.shape.sweep.parse(undefined), choice);
  const names = [...new Set([...runs, ...damaged].map(({ identity }) => identity.experiment))];
  const isOf =
    (experiment: string) =>
    ({ identity }: Pick<FinishedRun, 'identity'>) =>
      identity.experiment === experiment;
  return names.toSorted(compareNaturally).map((experiment) => ({
    experiment,
    variants: orderOf(choice.results, experiment),
    runs: runs.filter(isOf(experiment)),
    damaged: damaged.filter(isOf(experiment)),
    datasets: [],
    ...grid,
  }));
}

/** Of the variants of an earlier sweep; a table that cannot be read is told of when it is to be changed. */
function orderOf(results: string, experiment: string): string[] {
  try {
    return [...new Set(readSweep(sweepPath(results, experiment)).map(({ variant }) => variant))];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

function lookUpFinished(
  results: string,
  experiments?: readonly string[],
): { runs: FinishedRun[]; damaged: readonly DamagedRun[] } {
  const { runs, damaged } = lookUpRuns(results, experiments);
  return { runs: runs.filter((run) => run.state === 'done'), damaged };
}

function gridOf(settings: SweepSettings, choice: SweepChoice): Pick<SweepTask, 'rates' | 'granularities'> {
  const granularity = choice.granularity ?? settings.granularity;
  return {
    rates: ratesOf(choice.prune ?? settings.prune),
    granularities: granularity === 'both' ? ['weight', 'unit'] : [granularity],
  };
}

function ratesOf(text: string): number[] {
  try {
    return parsePruneRates(text);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`--prune: ${error.message}`) : error;
  }
}
