/** @file Paths of runs' folders that are longer than the system takes. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RunSpec } from '../config/experiment.ts';
import { UserError } from '../errors.ts';
import { runDirectory } from './directory.ts';

/** The longest name of a file in a run's folder: that of a checkpoint while it is being written. */
const LONGEST_NAME = `.checkpoint.previous.safetensors.${'0'.repeat(36)}.tmp`;

/**
 * Refuses runs whose folders would have names or paths longer than the system takes.
 *
 * @throws UserError naming the first
 */
export function requireRunFolders(runs: readonly RunSpec[], results: string): void {
  for (const run of runs) {
    try {
      statSync(join(resolve(runDirectory(results, run)), LONGEST_NAME));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') continue;
      throw new UserError(
        `the folder of run ${run.id} would have a longer path than this system takes, expected shorter names of --results, experiment or variant`,
      );
    }
  }
}
