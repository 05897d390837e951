/** @file Finding runs in a results folder. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { type CheckpointRecord, readCheckpointRecord } from './checkpoint.ts';
import { compareNaturally } from './order.ts';
import { type RunIdentity, runDirectory, runId } from './run-directory.ts';
import { readSummary, type Summary } from './summary.ts';

interface Found {
  /** Of the folder's name: its hash is the first 8 digits. */
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
  /** Where it would go on; absent if it would start over. */
  readonly checkpoint: CheckpointRecord | undefined;
}

export type FoundRun = FinishedRun | UnfinishedRun;

/**
 * Finds all runs, finished and unfinished, ordered naturally by experiment, variant, seed and hash.
 *
 * @param experiments only these; all if absent
 * @throws UserError naming the file if a summary or checkpoint record is malformed
 */
export function findRuns(resultsDirectory: string, experiments?: readonly string[]): FoundRun[] {
  return foldersOf(resultsDirectory)
    .filter((experiment) => experiments?.includes(experiment) ?? true)
    .flatMap((experiment) => identitiesIn(resultsDirectory, experiment))
    .sort(compareIdentities)
    .map((identity) => inspect(resultsDirectory, identity));
}

function identitiesIn(resultsDirectory: string, experiment: string): RunIdentity[] {
  return foldersOf(join(resultsDirectory, experiment)).flatMap((variant) =>
    foldersOf(join(resultsDirectory, experiment, variant)).flatMap((folder) => {
      // Longer numbers are not exact.
      const [, seed, hash] = /^seed-(0|[1-9]\d{0,15})-([0-9a-f]{8})$/.exec(folder) ?? [];
      return seed === undefined || hash === undefined
        ? []
        : [{ experiment, variant, seed: Number(seed), hash }];
    }),
  );
}

function inspect(resultsDirectory: string, identity: RunIdentity): FoundRun {
  const directory = runDirectory(resultsDirectory, identity);
  const found = { identity, id: runId(identity), directory };
  const summary = readSummary(directory);
  if (summary !== undefined) return { ...found, state: 'done', summary };
  return { ...found, state: 'unfinished', checkpoint: readCheckpointRecord(directory) };
}

function compareIdentities(a: RunIdentity, b: RunIdentity): number {
  return (
    compareNaturally(a.experiment, b.experiment) ||
    compareNaturally(a.variant, b.variant) ||
    a.seed - b.seed ||
    compareNaturally(a.hash, b.hash)
  );
}

function foldersOf(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new UserError(`${directory} is a file, expected a results folder`);
    throw error;
  }
}
