/** @file Runs that are trained already. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { unlessUserError } from '../errors.ts';
import { removeSpareCheckpoint } from '../runs/checkpoint.ts';
import { RUN_FILES, runDirectory, runState } from '../runs/directory.ts';
import { inspectRun } from '../runs/inspect.ts';
import { readSummary } from '../runs/summary.ts';
import { describeRun } from './ancestors.ts';
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

/**
 * Whether the run that it goes on from was trained again since, and has another network now.
 *
 * @returns a sentence; nothing if it has the same
 */
export function findOtherParent(
  { summary }: TrainedEvent,
  { run, resultsDirectory }: Pick<RecordOptions, 'run' | 'resultsDirectory'>,
): string | undefined {
  const { parent } = run;
  if (parent === undefined || summary.parent === undefined) return undefined;
  const now = unlessUserError(() => readSummary(runDirectory(resultsDirectory, parent)));
  if (now === undefined || now.checkpointSha256 === summary.parent.checkpointSha256) return undefined;
  return `it goes on from a network that ${describeRun(parent)} had before that was trained again; remove ${runDirectory(resultsDirectory, run)} to train it anew`;
}
