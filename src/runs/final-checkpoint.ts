/** @file The checkpoint of a run that is done: the network as training left it. */
import { UserError } from '../errors.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';
import { TRAIN_AGAIN } from './directory.ts';
import type { FinishedRun } from './find.ts';

/** @throws UserError if the folder lacks the checkpoint that the run's summary names, or it is damaged */
export function readFinalCheckpoint({ directory, summary }: FinishedRun): Checkpoint {
  const checkpoint = readCheckpoint(directory);
  if (checkpoint?.sha256 === summary.checkpointSha256) return checkpoint;
  throw new UserError(`${directory} lacks the checkpoint that its summary names; ${TRAIN_AGAIN}`);
}
