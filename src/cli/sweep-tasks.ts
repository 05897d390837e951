/** @file What a sweep is asked to do: which trained runs, at which rates and granularities. */
import { parsePruneRates } from '../config/prune-rates.ts';
import { experimentSchema, type SweepSettings } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import type { Granularity } from '../regularizers/types.ts';
import { type FinishedRun, findRuns } from '../results/find-runs.ts';
import { readSweep, sweepPath } from '../results/sweep-table.ts';
import { loadExperiments, requireResultsFolder, wordCommand } from './experiments.ts';

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
  /** At least one. */
  readonly runs: readonly FinishedRun[];
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
  return loadExperiments(files).map(({ name, path, variants, sweep }) => {
    const runs = finishedRuns(choice.results, [name]);
    if (runs.length === 0) {
      const command = wordCommand('run', [path], choice.results);
      throw new UserError(
        `no run of experiment "${name}" is trained in ${choice.results}; train with: ${command}`,
      );
    }
    const names = variants.map((variant) => variant.name);
    return { experiment: name, variants: names, runs, ...gridOf(sweep, choice) };
  });
}

function tasksOfResults(choice: SweepChoice): SweepTask[] {
  const runs = finishedRuns(choice.results);
  if (runs.length === 0)
    throw new UserError(`nothing is trained in ${choice.results}; train with: td run <experiment.yaml>`);
  const grid = gridOf(experimentSchema.shape.sweep.parse(undefined), choice);
  const names = [...new Set(runs.map(({ identity }) => identity.experiment))];
  return names.map((experiment) => ({
    experiment,
    variants: [...new Set(readSweep(sweepPath(choice.results, experiment)).map(({ variant }) => variant))],
    runs: runs.filter(({ identity }) => identity.experiment === experiment),
    ...grid,
  }));
}

function finishedRuns(results: string, experiments?: readonly string[]): FinishedRun[] {
  return findRuns(results, experiments).filter((run) => run.state === 'done');
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
