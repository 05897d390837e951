/** @file Runs that are trained already. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeSpareCheckpoint } from '../runs/checkpoint.ts';
import { RUN_FILES, runState } from '../runs/directory.ts';
import { inspectRun } from '../runs/inspect.ts';
import type { TrainedEvent } from './events.ts';
import type { RecordOptions } from './record-options.ts';
import { requireTrainedImages } from './run-images.ts';

/**
 * The outcome of a run that is trained already.
 *
 * @returns nothing if the run is not done, or something is wrong with it
 * @throws UserError if it was trained on other images than those at hand
 */
export function findDone(
  directory: string,
  { run, dataset }: Pick<RecordOptions, 'run' | 'dataset'>,
): TrainedEvent | undefined {
  if (runState(directory) !== 'done') return undefined;
  const { summary, fault } = inspectRun(directory, run);
  if (summary === undefined || fault !== undefined) return undefined;
  requireTrainedImages(directory, run, dataset);
  // What its last session leaves if it dies right after the summary.
  removeSpareCheckpoint(directory);
  rmSync(join(directory, RUN_FILES.lock), { force: true });
  return { kind: 'trained', summary, wasDone: true };
}
