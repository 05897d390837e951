/** @file Finding runs in a results folder. */
import { DamageError, UserError } from '../errors.ts';
import type { CheckpointRecord } from './checkpoint.ts';
import { type RunIdentity, runId } from './directory.ts';
import { describeFault } from './faults.ts';
import { inspectRun } from './inspect.ts';
import type { Summary } from './summary.ts';
import { type RunPlace, walkResults } from './walk.ts';

interface Found extends RunPlace {
  /** As the folder's name has it, with the first 8 digits of the hash. */
  readonly identity: RunIdentity;
  /** `<variant>/seed-<n>-<hash8>` */
  readonly id: string;
  readonly directory: string;
}

export interface FinishedRun extends Found {
  readonly state: 'done';
  readonly summary: Summary;
}

export interface UnfinishedRun extends Found {
  readonly state: 'unfinished';
  /** The checkpoint that it would go on from; absent if it would start over. */
  readonly checkpoint: CheckpointRecord | undefined;
}

export type FoundRun = FinishedRun | UnfinishedRun;

/** A run none of whose numbers is used. */
export type LeftOutRun = DamagedRun | PluginRun;

/** A run whose files do not fit its folder's name or one another, so that none of its numbers can be trusted. */
export interface DamagedRun extends Found {
  readonly state: 'damaged';
  /** What is wrong and what to do, in a sentence. */
  readonly reason: string;
}

/** A run with a method, model or data set of a plugin that is not loaded. Nothing is wrong with it, but nothing here can tell what its settings mean. */
export interface PluginRun extends Found {
  readonly state: 'plugin missing';
  /** Which name is a plugin's, and what to do, in a sentence. */
  readonly reason: string;
}

export interface Survey {
  /** Ordered naturally by experiment, variant, seed and hash. */
  readonly runs: readonly FoundRun[];
  /** In the same order. */
  readonly leftOut: readonly LeftOutRun[];
  /** Folders that cannot be read, each with the reason: `results/lost+found (EACCES)`. */
  readonly passedOver: readonly string[];
}

/**
 * Finds all runs, finished and unfinished, and checks that the files of each agree with one another. A damaged run does not
 * keep the others from being found.
 *
 * @param experiments only these; all if absent
 * @throws UserError if the results folder is a file
 */
export function findRuns(resultsDirectory: string, experiments?: readonly string[]): Survey {
  const { places, passedOver } = walkResults(resultsDirectory, experiments);
  const found = places.map(lookAtRun);
  return {
    runs: found.filter((run): run is FoundRun => typeof run === 'object' && !isLeftOut(run)),
    leftOut: found.filter((run): run is LeftOutRun => typeof run === 'object' && isLeftOut(run)),
    passedOver: [...passedOver, ...found.filter((run) => typeof run === 'string')],
  };
}

export function isLeftOut(run: FoundRun | LeftOutRun): run is LeftOutRun {
  return run.state === 'damaged' || run.state === 'plugin missing';
}

/**
 * What keeps a command from using a run that it was asked for.
 *
 * @returns an error to throw: a missing plugin is for the command line to name, damage is not
 */
export function refusalOf({ state, reason }: Pick<LeftOutRun, 'state' | 'reason'>): UserError {
  return state === 'damaged' ? new DamageError(reason) : new UserError(reason);
}

/**
 * The same of several runs, where no other is there.
 *
 * @param place names what holds them: `results/few/sweep.csv`
 */
export function refusalOfAll(
  place: string,
  [first, ...others]: readonly [LeftOutRun, ...LeftOutRun[]],
): UserError {
  const { state, reason } = [first, ...others].find((run) => run.state === 'damaged') ?? first;
  return refusalOf({ state, reason: `no run of ${place} can be used; the first: ${reason}` });
}

/** @returns the run; the reason if its folder cannot be read, say since it is another user's */
export function lookAtRun({ identity, directory }: RunPlace): FoundRun | LeftOutRun | string {
  const found = { identity, id: runId(identity), directory };
  try {
    const { summary, checkpoint, fault } = inspectRun(directory, identity);
    if (fault !== undefined) {
      const state = fault.lacksPlugin ? 'plugin missing' : 'damaged';
      return { ...found, state, reason: describeFault(fault) };
    }
    if (summary !== undefined) return { ...found, state: 'done', summary };
    return { ...found, state: 'unfinished', checkpoint };
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // Anything else than an answer of the file system is a bug.
    if (syscall === undefined) throw error;
    return `${directory} (${code})`;
  }
}
