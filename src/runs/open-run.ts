/** @file Begins the directory of a run: its settings, and what it is trained with. */
import { join } from 'node:path';
import { writeFileAtomic } from '../files/atomic.ts';
import { writeJson } from '../files/json.ts';
import { RUN_FILES, type RunIdentity, runDirectory, runState } from './directory.ts';
import type { Environment } from './environment.ts';

/**
 * Puts the settings and environment of a run into its directory, which its lock made. A run that is done is left as it is.
 *
 * @param config resolved settings as YAML
 */
export function openRun(
  resultsDirectory: string,
  run: RunIdentity,
  config: string,
  environment: Environment,
): void {
  const directory = runDirectory(resultsDirectory, run);
  if (runState(directory) === 'done') return;
  writeFileAtomic(join(directory, RUN_FILES.config), config);
  writeJson(join(directory, RUN_FILES.environment), environment);
}
