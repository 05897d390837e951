/** @file Looks up what experiments left, for commands, and tells what is wrong with it. */
import { findOtherImages } from '../runner/data-identity.ts';
import type { FoundRun } from '../runs/find.ts';
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

/** Tells which runs lie on other images by now than they were trained on; exit code 1 if there are any. */
export async function tellOtherImages(runs: readonly FoundRun[]): Promise<void> {
  tellFaults(await findOtherImages(runs, startFetchStage));
}

/** Tells of the damaged runs of experiments, and of those on other images; exit code 1 if there are any. */
export async function tellFaultsOf(experiments: readonly ExperimentResults[]): Promise<void> {
  tellFaults(experiments.flatMap(({ damaged }) => damaged.map(({ reason }) => reason)));
  await tellOtherImages(experiments.flatMap(({ runs }) => runs));
}
