/** @file Where a run keeps its files, and whether it is done. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';

/** What tells one run from all others. */
export interface RunIdentity {
  readonly experiment: string;
  readonly variant: string;
  readonly seed: number;
  /** Hash of the resolved settings, at least 8 hexadecimal digits. */
  readonly hash: string;
}

/** Ends messages about a run of which too much is lost. */
export const TRAIN_AGAIN = 'remove the folder to train this run again';

/** Names of the files of a run directory. */
export const RUN_FILES = {
  config: 'config.yaml',
  environment: 'environment.json',
  metrics: 'metrics.csv',
  log: 'log.jsonl',
  /** For TensorBoard, if asked for; it looks for `tfevents` in names. */
  events: 'events.out.tfevents.td',
  checkpoint: 'checkpoint.json',
  tensors: 'checkpoint.safetensors',
  /** The checkpoint before that, while the run is under way. */
  previousCheckpoint: 'checkpoint.previous.json',
  previousTensors: 'checkpoint.previous.safetensors',
  /** Names the process that trains the run, while it does. */
  lock: 'lock.json',
  summary: 'summary.json',
} as const;

/** `done` when the summary is there, which is written last; `unfinished` when a directory without one is. */
export type RunState = 'new' | 'unfinished' | 'done';

/** `<variant>/seed-<n>-<first 8 digits of the hash>`: unique within an experiment. */
export function runId({ variant, seed, hash }: Pick<RunIdentity, 'variant' | 'seed' | 'hash'>): string {
  return `${variant}/seed-${seed}-${hash.slice(0, 8)}`;
}

/** Whether two runs have the same names, with whatever settings. */
export function isSameName(a: RunIdentity, b: RunIdentity): boolean {
  return a.experiment === b.experiment && a.variant === b.variant && a.seed === b.seed;
}

/** Whether two identities are one run's. Either hash may be cut off: names of folders have its first digits alone. */
export function isSameRun(a: RunIdentity, b: RunIdentity): boolean {
  return isSameName(a, b) && (a.hash.startsWith(b.hash) || b.hash.startsWith(a.hash));
}

/**
 * `<results>/<experiment>/<variant>/seed-<n>-<hash8>`.
 *
 * @throws UserError if a name would lead out of its folder
 */
export function runDirectory(resultsDirectory: string, run: RunIdentity): string {
  for (const name of [run.experiment, run.variant]) {
    if (!/^[^/\\.][^/\\]*$/.test(name)) {
      throw new UserError(
        `"${name}" cannot name a results folder, expected a name without slashes that starts with no dot`,
      );
    }
  }
  return join(resultsDirectory, run.experiment, runId(run));
}

export function runState(directory: string): RunState {
  if (existsSync(join(directory, RUN_FILES.summary))) return 'done';
  return existsSync(directory) ? 'unfinished' : 'new';
}
