/** @file Changing the files of an experiment's sweep, which several processes may do at once. */
import { join } from 'node:path';
import { removeTemporaries } from '../files/atomic.ts';
import { findRuns } from './find-runs.ts';
import { withLock } from './lock.ts';
import { checkpointId, mergeSweep, readSweep, type SweepRow, sweepPath, writeSweep } from './sweep-table.ts';

/**
 * Does short work that reads and writes the tables of an experiment, with no other process doing so meanwhile.
 *
 * @param work is given the rows of sweep.csv
 * @throws UserError if sweep.csv is malformed
 * @throws the signal's reason if it is aborted while another process is at work
 */
export function changeTables<T>(
  resultsDirectory: string,
  experiment: string,
  work: (rows: readonly SweepRow[]) => T,
  signal?: AbortSignal,
): Promise<T> {
  const directory = join(resultsDirectory, experiment);
  const change = () => {
    removeTemporaries(directory);
    return work(readSweep(sweepPath(resultsDirectory, experiment)));
  };
  return withLock(join(directory, 'sweep.lock.json'), change, signal);
}

/**
 * Lays new rows over those of sweep.csv, and drops rows of checkpoints that are no more.
 *
 * @param variants in the order in which the table has them
 * @throws as `changeTables`
 */
export function addSweepRows(
  resultsDirectory: string,
  experiment: string,
  added: readonly SweepRow[],
  variants: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const add = (rows: readonly SweepRow[]) => {
    const merged = mergeSweep(rows, added, liveCheckpoints(resultsDirectory, experiment));
    writeSweep(sweepPath(resultsDirectory, experiment), merged, variants);
  };
  return changeTables(resultsDirectory, experiment, add, signal);
}

/** Looked up anew each time: other processes may have trained and swept runs meanwhile. */
function liveCheckpoints(resultsDirectory: string, experiment: string): Set<string> {
  const runs = findRuns(resultsDirectory, [experiment]);
  return new Set(
    runs.flatMap((run) => (run.state === 'done' ? checkpointId(run.id, run.summary.checkpointSha256) : [])),
  );
}
