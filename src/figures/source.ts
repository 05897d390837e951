/** @file Everything that an experiment left in its folder: runs with their settings, and the rows of its sweep. */
import { join } from 'node:path';
import { expandRuns } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import type { RunSettings } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { type FoundRun, findRuns } from '../results/find-runs.ts';
import { RUN_FILES } from '../results/run-directory.ts';
import type { SweepRow } from '../results/sweep-table.ts';

export interface ExperimentSource {
  readonly experiment: string;
  /** Rows of its sweep; none if it is not swept. */
  readonly rows: readonly SweepRow[];
  /** By the first 8 digits of their hash, as far as they are known. */
  readonly settings: ReadonlyMap<string, RunSettings>;
  /** Finished and unfinished; none if only a table is at hand. */
  readonly runs: readonly FoundRun[];
}

/**
 * Adds the runs of an experiment, and their settings, to what is known of its sweep.
 *
 * @throws UserError naming the file if a summary or checkpoint record is malformed
 */
export function addRuns(
  resultsDirectory: string,
  sweep: Pick<ExperimentSource, 'experiment' | 'rows' | 'settings'>,
): ExperimentSource {
  const runs = findRuns(resultsDirectory, [sweep.experiment]);
  const settings = new Map(sweep.settings);
  for (const run of runs) {
    const { hash } = run.identity;
    const known = settings.get(hash) ?? readRunSettings(run);
    if (known !== undefined) settings.set(hash, known);
  }
  return { ...sweep, settings, runs };
}

/** The settings in a run's folder; nothing if they cannot be read or are not those that its name has the hash of. */
export function readRunSettings({ directory, identity }: FoundRun): RunSettings | undefined {
  try {
    const [spec] = expandRuns(loadExperiment(join(directory, RUN_FILES.config)));
    return spec?.hash.startsWith(identity.hash) ? spec.settings : undefined;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
