/** @file The runs that others go on from, by their settings alone. */
import type { RunSpec } from '../config/experiment.ts';
import { UserError } from '../errors.ts';
import { continuationOf } from '../methods/continuation.ts';
import { runDirectory } from '../runs/directory.ts';
import { findRunSettings } from '../runs/run-settings.ts';

/** `none seed 0` */
export function describeRun({ variant, seed }: Pick<RunSpec, 'variant' | 'seed'>): string {
  return `${variant} seed ${seed}`;
}

/**
 * Runs with those that they go on from: a run's own config.yaml has only the hash of the other's settings, and the other's
 * folder has the rest.
 *
 * @throws UserError if the other's folder is not there
 */
export function completeParents(runs: readonly RunSpec[], resultsDirectory: string): RunSpec[] {
  return runs.map((run) => completeParent(run, resultsDirectory));
}

function completeParent(run: RunSpec, resultsDirectory: string): RunSpec {
  const continuation = continuationOf(run.settings.regularizer);
  if (continuation?.parent === undefined || run.parent !== undefined) return run;
  const { experiment, seed } = run;
  const identity = { experiment, variant: continuation.from, seed, hash: continuation.parent };
  const directory = runDirectory(resultsDirectory, identity);
  const parent = findRunSettings(directory);
  if (parent?.hash === continuation.parent)
    return { ...run, parent: completeParent({ ...parent, ...identity }, resultsDirectory) };
  throw new UserError(
    `${run.experiment}/${run.id} goes on from ${describeRun(identity)}, which is not in ${directory}; run the experiment file that has both`,
  );
}
