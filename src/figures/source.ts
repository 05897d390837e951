/** @file Everything that an experiment left in its folder: runs with their settings, and the rows of its sweep. */
import type { Experiment } from '../config/experiment.ts';
import type { RunSettings } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import type { DamagedRun, FoundRun, Survey } from '../runs/find.ts';
import { readRunSettings } from '../runs/settings.ts';
import type { SweepRow } from '../sweeps/rows.ts';

export interface ExperimentSource {
  readonly experiment: string;
  /** Rows of its sweep; none if it is not swept. */
  readonly rows: readonly SweepRow[];
  /** By the first 8 digits of their hash, as far as they are known. */
  readonly settings: ReadonlyMap<string, RunSettings>;
  /** Finished and unfinished; none if only a table is at hand. */
  readonly runs: readonly FoundRun[];
  /** Left out of everything but the list of what is wrong. */
  readonly damaged: readonly DamagedRun[];
  /** If its file was named. */
  readonly definition?: Experiment;
}

/** Adds the runs of an experiment, and their settings, to what is known of its sweep. */
export function addRuns(
  { runs, damaged }: Pick<Survey, 'runs' | 'damaged'>,
  sweep: Pick<ExperimentSource, 'experiment' | 'rows' | 'settings'>,
): ExperimentSource {
  const settings = new Map(sweep.settings);
  for (const run of runs) {
    const { hash } = run.identity;
    const known = settings.get(hash) ?? settingsOf(run);
    if (known !== undefined) settings.set(hash, known);
  }
  return { ...sweep, settings, runs, damaged };
}

/** Of a run that has just begun there may be none yet. */
function settingsOf({ directory }: FoundRun): RunSettings | undefined {
  try {
    return readRunSettings(directory).settings;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
