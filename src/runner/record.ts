/** @file Trains one run into its directory, or finds that it is there already or in other hands. */
import { join } from 'node:path';
import { describeSilence, tryLock, watchSilentOwner } from '../locks/lock.ts';
import { readCheckpointRecord } from '../runs/checkpoint.ts';
import { RUN_FILES, runDirectory } from '../runs/directory.ts';
import { describeRun } from './ancestors.ts';
import { findDone, findOtherParent } from './done.ts';
import type { RunEvent, TrainedEvent } from './events.ts';
import { HeldDirectory } from './held-directory.ts';
import { findParent, findParentOwner } from './parent.ts';
import type { RecordOptions } from './record-options.ts';
import { trainHeld } from './session.ts';

/**
 * Trains a run and writes its directory: a row of metrics and a checkpoint each epoch, checkpoints in between, the
 * summary last. A run that is done, or that another process trains, is left alone; one that was cut off goes on from its
 * last checkpoint that is whole. A run whose parent another process trains is left alone as well. An event is yielded once the directory has what it tells.
 *
 * @throws UserError if the run goes on from one that is not trained, if the directory is another run's or was begun on other images, if files that an earlier session left
 *   are damaged beyond what the rest tells, if the directory is removed or taken over while training, or as `train`
 * @throws DivergedError as `train`; the last checkpoint stays
 * @throws the signal's reason if it is aborted; the run then goes on from where it was
 * @throws Error of the file system if the directory cannot be written
 */
export async function* recordRun(options: RecordOptions): AsyncGenerator<RunEvent, void, undefined> {
  const directory = runDirectory(options.resultsDirectory, options.run);
  const done = findDone(directory, options);
  if (done !== undefined) {
    const sentence = findOtherParent(done, options);
    if (sentence !== undefined) yield { kind: 'warning', sentence };
    yield done;
    return;
  }
  if (readCheckpointRecord(directory) === undefined) {
    const { run, resultsDirectory } = options;
    const owner = findParentOwner(run, resultsDirectory);
    if (owner !== undefined && run.parent !== undefined) {
      yield { kind: 'busy', owner, parent: describeRun(run.parent) };
      return;
    }
    findParent(run, resultsDirectory);
  }
  const lockPath = join(directory, RUN_FILES.lock);
  let lock = tryLock(lockPath);
  if (!('release' in lock) && lock.isSilent) {
    yield { kind: 'waiting', sentence: describeSilence(lock) };
    await watchSilentOwner(options.signal);
    lock = tryLock(lockPath);
  }
  if (!('release' in lock)) {
    yield { kind: 'busy', owner: lock.owner };
    return;
  }
  const held = new HeldDirectory(directory, lock);
  let trained: TrainedEvent;
  try {
    // Its owner may have finished it since the first look.
    trained = findDone(directory, options) ?? (yield* trainHeld(held, options));
  } catch (error) {
    throw held.explain(error);
  } finally {
    lock.release();
  }
  yield trained;
}
