/** @file Makes damaged files of a run anew from those that are whole. The caller must hold the run's lock. */
import { join } from 'node:path';
import type { RunSpec } from '../config/experiment.ts';
import { renderSettings } from '../config/render.ts';
import { DamageError, unlessUserError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { writeJson } from '../files/json.ts';
import { continuationOf } from '../methods/continuation.ts';
import { readCheckpoint, readCheckpointRecord } from './checkpoint.ts';
import { RUN_FILES, runState, TRAIN_AGAIN } from './directory.ts';
import { describeFault, type MendableFile } from './faults.ts';
import { inspectRun } from './inspect.ts';
import { writeMetrics } from './metrics.ts';
import { readMetricsFromLog } from './metrics-log.ts';
import { SET_ASIDE, setAside } from './recovery.ts';
import { readSummary } from './summary.ts';

/**
 * Sets damaged files of a run aside and makes them anew. A run that lost its summary is unfinished then, with its last
 * checkpoint behind it: going on writes the summary.
 *
 * @param run whose settings have the hash in the folder's name
 * @param warn called with a sentence for each file
 * @throws DamageError if the other files do not tell what stood in a damaged one, or the folder is another run's; it says what
 *   to do
 */
export function mendRun(directory: string, run: RunSpec, warn: (sentence: string) => void): void {
  const mended = new Set<MendableFile>();
  for (;;) {
    const { fault } = inspectRun(directory, run);
    if (fault === undefined) return;
    const { problem, mends } = fault;
    if (mends === undefined) throw new DamageError(describeFault(fault));
    const moved = mended.has(mends) ? undefined : MENDERS[mends](directory, run);
    if (moved === undefined)
      throw new DamageError(`${problem}; nothing else tells what stood there, ${TRAIN_AGAIN}`);
    mended.add(mends);
    warn(`${problem}; ${moved.length > 0 ? `set aside as *${SET_ASIDE}, and made anew` : 'made anew'}`);
  }
}

/** Sets a damaged file aside and makes it anew. @returns the files set aside; nothing if the others do not tell what stood there */
type Mender = (directory: string, run: RunSpec) => readonly string[] | undefined;

const MENDERS: Readonly<Record<MendableFile, Mender>> = {
  config(directory, run) {
    const moved = setAside(directory, [RUN_FILES.config]);
    writeFileAtomic(join(directory, RUN_FILES.config), renderSettings(run));
    return moved;
  },

  /** That of a run that is unfinished, or is once its damaged summary is set aside, is written by its next session. */
  environment(directory, { settings }) {
    const moved = setAside(directory, [RUN_FILES.environment]);
    const summary = findSummary(directory);
    if (summary === undefined) return moved;
    const { engine, device, data } = summary;
    const dataFingerprint = settings.dataset.fingerprint ?? data?.fingerprint;
    writeJson(join(directory, RUN_FILES.environment), { engine, device, dataFingerprint });
    return moved;
  },

  metrics(directory, { settings }) {
    const isDone = runState(directory) === 'done';
    const epochs = isDone ? settings.schedule.epochs : (readCheckpointRecord(directory)?.epoch ?? 0);
    const { regularizer } = settings;
    const beginsLater = continuationOf(regularizer)?.schedule.kind === 'replay';
    const rows = readMetricsFromLog(directory, epochs, beginsLater);
    if (rows === undefined) return undefined;
    const moved = setAside(directory, [RUN_FILES.metrics]);
    writeMetrics(directory, rows);
    return moved;
  },

  summary(directory, { settings }) {
    if (findCheckpoint(directory)?.epoch !== settings.schedule.epochs) return undefined;
    return setAside(directory, [RUN_FILES.summary]);
  },
};

function findSummary(directory: string) {
  return unlessUserError(() => readSummary(directory));
}

/** Reads the arrays, too: a checkpoint whose arrays are damaged counts as none. */
function findCheckpoint(directory: string) {
  return unlessUserError(() => readCheckpoint(directory));
}
