/** @file Sizes and times of the files that a report is made from: they tell whether something has changed. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RUN_FILES } from '../runs/directory.ts';
import { listExperiments, walkResults } from '../runs/walk.ts';
import { sweepPath } from '../sweeps/rows.ts';

/** The files of a run that are watched. The lock of a run under way is touched all the time, so only its presence counts. */
const WATCHED = [RUN_FILES.metrics, RUN_FILES.summary, RUN_FILES.checkpoint, RUN_FILES.log, RUN_FILES.config];

/**
 * A line for each file that reports are made from: its path, size and time.
 *
 * @param names of the experiments; all in the folder if absent
 */
export function listFileVersions(resultsDirectory: string, names?: readonly string[]): string[] {
  const { places } = walkResults(resultsDirectory, names);
  const experiments = (names ?? listExperiments(resultsDirectory)).toSorted();
  return experiments.flatMap((experiment) => {
    const own = places.filter(({ identity }) => identity.experiment === experiment);
    const runs = own.map(({ directory }) => directory);
    return [
      ...describeFile(sweepPath(resultsDirectory, experiment)),
      ...runs.flatMap((run) => [
        ...WATCHED.flatMap((name) => describeFile(join(run, name))),
        `${run} ${existsSync(join(run, RUN_FILES.lock))}`,
      ]),
    ];
  });
}

function describeFile(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? [] : [`${path} ${stats.size} ${stats.mtimeMs}`];
}
