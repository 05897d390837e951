/** @file Changing the files of an experiment's sweep, which several processes may do at once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { removeTemporaries } from '../files/atomic.ts';
import { withLock } from '../locks/lock.ts';
import { readSummary, type Summary } from '../runs/summary.ts';
import { readSweep } from './read-sweep.ts';
import {
  checkpointId,
  formatRows,
  formatSweep,
  rowKey,
  runIdOf,
  type SweepRow,
  sweepPath,
  writeSweep,
} from './rows.ts';

/** How other processes are waited for. */
export interface Wait {
  /** Once aborted, other processes are waited for no more than a second. */
  readonly signal?: AbortSignal;
  /** Called with a sentence that says what is waited for, if it takes more than a second. */
  onWait?(sentence: string): void;
}

/**
 * Does short work that reads and writes the tables of an experiment, with no other process doing so meanwhile.
 *
 * @param work is given the rows of sweep.csv
 * @param criterion whose sweep it is, by its id; the paper's if absent
 * @throws UserError if sweep.csv is malformed
 * @throws the signal's reason if it is aborted while another process is at work
 */
export function changeTables<T>(
  resultsDirectory: string,
  experiment: string,
  work: (rows: readonly SweepRow[]) => T,
  wait: Wait = {},
  criterion?: string,
): Promise<T> {
  const directory = join(resultsDirectory, experiment);
  // The lock would make it anew.
  if (!existsSync(directory))
    return Promise.reject(new UserError(`${directory} was removed in the meantime`));
  const change = () => {
    removeTemporaries(directory);
    return work(readSweep(sweepPath(resultsDirectory, experiment, criterion)));
  };
  return withLock(join(directory, 'sweep.lock.json'), change, wait.signal, wait.onWait);
}

/**
 * Lays new rows over those of sweep.csv if any are new, and drops rows of runs that were trained again since.
 *
 * @param variants in the order in which the table has them
 * @throws as `changeTables`
 */
export function addSweepRows(
  resultsDirectory: string,
  experiment: string,
  added: readonly SweepRow[],
  variants: readonly string[],
  wait: Wait = {},
  criterion?: string,
): Promise<void> {
  const add = (rows: readonly SweepRow[]) => {
    const merged = mergeSweep(rows, added, retrainingOf(join(resultsDirectory, experiment)));
    const path = sweepPath(resultsDirectory, experiment, criterion);
    const present = existsSync(path) ? formatRows(rows) : undefined;
    // A file that lacks the columns of later versions stays as it is until there is something to add.
    if (formatSweep(merged, variants) !== present) writeSweep(path, merged, variants);
  };
  return changeTables(resultsDirectory, experiment, add, wait, criterion);
}

/**
 * Lays new rows over old ones: a new row replaces the old one of the same run, evaluation, granularity and rate, and old rows of runs
 * that were trained again since are dropped. Rows of runs that are not in sight stay: a disk may be missing, a link broken.
 *
 * @param wasRetrained whether a row's run has another checkpoint by now
 */
export function mergeSweep(
  old: readonly SweepRow[],
  added: readonly SweepRow[],
  wasRetrained: (row: SweepRow) => boolean,
): SweepRow[] {
  const rows = [...old.filter((row) => !wasRetrained(row)), ...added];
  return [...new Map(rows.map((row) => [rowKey(row), row])).values()];
}

/**
 * Whether the run of a row has another checkpoint by now, or the row was measured on the network of another run that lies in
 * its place. Looked up anew each time: other processes may have trained runs meanwhile.
 */
function retrainingOf(directory: string): (row: SweepRow) => boolean {
  const summaries = new Map<string, Summary | undefined>();
  return (row) => {
    const id = runIdOf(row);
    if (!summaries.has(id)) summaries.set(id, findSummary(join(directory, id)));
    const now = summaries.get(id);
    return now !== undefined && (now.id === id) !== (checkpointId(id, now.checkpointSha256) === row.runId);
  };
}

/** @returns nothing if the run is not done, or its summary cannot be read */
function findSummary(directory: string): Summary | undefined {
  try {
    return readSummary(directory);
  } catch {
    return undefined;
  }
}
