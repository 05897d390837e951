/** @file The checkpoint of a run that is done: the network that counts. */
import { DamageError } from '../errors.ts';
import { type NetworkState, readBest } from './best-network.ts';
import { readCheckpoint } from './checkpoint.ts';
import { TRAIN_AGAIN } from './directory.ts';
import type { FinishedRun } from './find.ts';

/**
 * The network as the last epoch left it, or as the epoch did that the run keeps.
 *
 * @throws DamageError if the folder lacks the checkpoint that the run's summary names, or it is damaged
 */
export function readFinalCheckpoint({
  directory,
  summary,
}: Pick<FinishedRun, 'directory' | 'summary'>): NetworkState {
  const { bestEpoch, checkpointSha256 } = summary;
  if (bestEpoch !== undefined) return readBest(directory, { epoch: bestEpoch, sha256: checkpointSha256 });
  const checkpoint = readCheckpoint(directory);
  if (checkpoint?.sha256 === summary.checkpointSha256) return checkpoint;
  throw new DamageError(`${directory} lacks the checkpoint that its summary names; ${TRAIN_AGAIN}`);
}
