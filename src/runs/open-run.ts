/** @file Begins the directory of a run: its settings, and what it is trained with. */
import { join } from 'node:path';
import { writeFileAtomic } from '../files/atomic.ts';
import { makeDirectory } from '../files/directories.ts';
import { writeJson } from '../files/json.ts';
import { RUN_FILES, type RunIdentity, runDirectory, runState } from './directory.ts';
import type { Environment } from './environment.ts';

/**
 * Makes a run's directory and puts its settings and environment there. A run that is done is left as it is.
 *
 * @param config resolved settings as YAML
 * @returns the directory
 */
export function openRun(
  resultsDirectory: string,
  run: RunIdentity,
  config: string,
  environment: Environment,
): string {
  const directory = runDirectory(resultsDirectory, run);
  if (runState(directory) !== 'done') {
    makeDirectory(directory);
    writeFileAtomic(join(directory, RUN_FILES.config), config);
    writeJson(join(directory, RUN_FILES.environment), environment);
  }
  return directory;
}
