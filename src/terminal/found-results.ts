/** @file Looks up what experiments left, for commands, and tells what is wrong with it. */
import { UserError } from '../errors.ts';
import { requireImagesOfRuns } from '../runner/data-identity.ts';
import {
  describeNoRows,
  describeView,
  type EvaluationView,
  hasView,
  suffixOf,
} from '../sweeps/evaluations.ts';
import { sweepPath } from '../sweeps/rows.ts';
import { type ExperimentResults, findResults } from '../tables/experiment-results.ts';
import { startFetchStage } from './fetch-progress.ts';
import { tellFaults, tellLeftOut, warnOfPassedOver } from './found-runs.ts';
import { printLine } from './progress.ts';
import { describeCount } from './words.ts';

/**
 * Finds what experiments left; tells what cannot be looked into, and which experiments cannot be read.
 *
 * @throws as `findResults`
 */
export function lookUpResults(names: readonly string[], results: string): readonly ExperimentResults[] {
  const { experiments, faults } = findResults(names, results);
  experiments.forEach(warnOfPassedOver);
  tellFaults(faults);
  return experiments;
}

/**
 * The experiments that have rows of an evaluation. Networks as they are need no sweep: there are other things to show.
 *
 * @param names of the experiments, as a user gave them; where one is named, it must have such rows
 * @throws UserError if none has any, or one that is named lacks them
 */
export function requireView(
  names: readonly string[],
  experiments: readonly ExperimentResults[],
  view: EvaluationView,
  results: string,
): readonly ExperimentResults[] {
  if (suffixOf(view) === '') return experiments;
  const shown = experiments.filter(({ rows, settings }) => hasView(rows, settings, view));
  const [lacking] = experiments.filter((experiment) => !shown.includes(experiment));
  if (lacking !== undefined && (names.length > 0 || shown.length === 0))
    throw new UserError(describeNoRows(sweepPath(results, lacking.experiment), view, results));
  const left = experiments.length - shown.length;
  if (left > 0)
    printLine(
      `${describeCount(left, 'experiment')} left out, without rows of the evaluation "${describeView(view)}"`,
    );
  return shown;
}

/** Tells of the runs of experiments that are left out; exit code 1 if there are any. */
export function tellLeftOutOf(experiments: readonly ExperimentResults[]): void {
  tellLeftOut(experiments.flatMap(({ leftOut }) => leftOut));
}

/**
 * Refuses to draw experiments while other images lie in the place of those that a run was trained on. Where files of experiments
 * are named, the images may also lie where these say.
 *
 * @throws UserError naming both
 */
export async function requireTrainedImages(experiments: readonly ExperimentResults[]): Promise<void> {
  const runs = experiments.flatMap((experiment) => experiment.runs);
  const variants = experiments.flatMap(({ definition }) => definition?.variants ?? []);
  const datasets = variants.map(({ settings }) => settings.dataset);
  await requireImagesOfRuns(runs, startFetchStage, datasets);
}
