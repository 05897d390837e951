/** @file Looks up what experiments left, for commands, and tells what is wrong with it. */
import { requireImagesOfRuns } from '../runner/data-identity.ts';
import { type ExperimentResults, findResults } from '../tables/experiment-results.ts';
import { startFetchStage } from './fetch-progress.ts';
import { tellFaults, warnOfPassedOver } from './found-runs.ts';

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

/** Tells of the damaged runs of experiments; exit code 1 if there are any. */
export function tellDamaged(experiments: readonly ExperimentResults[]): void {
  tellFaults(experiments.flatMap(({ damaged }) => damaged.map(({ reason }) => reason)));
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
