/** @file Trains a run whose directory is locked: puts in order what earlier sessions left, and goes on from there. */
import { join } from 'node:path';
import { renderSettings } from '../config/render.ts';
import { UserError } from '../errors.ts';
import { removeTemporaries } from '../files/atomic.ts';
import { lookAt } from '../files/read.ts';
import { formatRate } from '../format.ts';
import { continuationOf } from '../methods/continuation.ts';
import { type Checkpoint, removeSpareCheckpoint } from '../runs/checkpoint.ts';
import { RUN_FILES } from '../runs/directory.ts';
import { describeChange, type Environment, readEnvironment } from '../runs/environment.ts';
import { truncateEvents } from '../runs/events/event-file.ts';
import { openRunLog } from '../runs/log.ts';
import { mendRun } from '../runs/mend.ts';
import { readMetrics, truncateMetrics } from '../runs/metrics.ts';
import { openRun } from '../runs/open-run.ts';
import { recoverCheckpoint } from '../runs/recovery.ts';
import { writeSummary } from '../runs/summary.ts';
import type { TrainingSnapshot } from '../training/events.ts';
import { prepareTraining } from '../training/setup.ts';
import { type TrainOptions, train } from '../training/train.ts';
import type { Training } from '../training/types.ts';
import { describeRun } from './ancestors.ts';
import { findDone } from './done.ts';
import type { RunEvent, TrainedEvent } from './events.ts';
import type { HeldDirectory } from './held-directory.ts';
import { startFromParent } from './parent.ts';
import type { RecordOptions } from './record-options.ts';
import { RunRecorder } from './recorder.ts';
import { requireResumableImages } from './run-images.ts';
import { SessionLog } from './session-log.ts';
import { TensorBoardWriter } from './tensorboard.ts';

const CHECKPOINT_MINUTES = 5;

type Stream<T> = AsyncGenerator<RunEvent, T, undefined>;

/** @throws as `recordRun` */
export async function* trainHeld(held: HeldDirectory, options: RecordOptions): Stream<TrainedEvent> {
  removeTemporaries(held.path);
  const logPath = join(held.path, RUN_FILES.log);
  // Opening a pipe would wait for a reader for ever.
  if (lookAt(logPath)?.isFIFO()) throw new UserError(`${logPath} is a pipe, expected a file; remove it`);
  const { log: lines, close } = openRunLog(logPath, options.echoLog);
  const log = new SessionLog(lines, options);
  try {
    return yield* trainLogged(held, log, options);
  } catch (thrown) {
    const error = held.explain(thrown);
    log.recordFailure(error);
    throw error;
  } finally {
    close();
  }
}

async function* trainLogged(
  held: HeldDirectory,
  log: SessionLog,
  options: RecordOptions,
): Stream<TrainedEvent> {
  const { run, dataset } = options;
  yield* log.warnings((warn) => mendRun(held.path, run, warn));
  const done = findDone(held.path, options);
  if (done !== undefined) return done;
  const training = await prepareTraining(run, dataset);
  const checkpoint = yield* log.warnings((warn) => putInOrder(held.path, options, training, warn));
  const recorder = new RunRecorder(held, log.lines, { ...options, checkpoint });
  recorder.recordStart();
  const resume = checkpoint ? snapshotOf(checkpoint) : yield* begin({ log, recorder, training }, options);
  yield* trainRecorded({ held, log, recorder, training }, { ...options, resume });
  const summary = recorder.summarize(training);
  log.recordRemarks();
  held.write(() => writeSummary(held.path, summary));
  removeSpareCheckpoint(held.path);
  return { kind: 'trained', summary, wasDone: false };
}

/** @returns nothing for a training that begins with initial weights */
async function* begin(
  { log, recorder, training }: Omit<Session, 'held'>,
  options: RecordOptions,
): Stream<TrainingSnapshot | undefined> {
  const { settings, parent } = options.run;
  const continuation = continuationOf(settings.regularizer);
  if (continuation !== undefined && parent !== undefined) {
    const removed = `${formatRate(continuation.pruneRate)} of its ${continuation.granularity}s removed`;
    const sentence = `begins with the network of ${describeRun(parent)}, ${removed}`;
    yield { kind: 'beginning', sentence };
  }
  const start = yield* log.record(startFromParent(training, options));
  if (start !== undefined) recorder.recordParent(start.parent);
  return start?.snapshot;
}

/** A training that is about to begin, and what it is written to. */
interface Session {
  readonly held: HeldDirectory;
  readonly log: SessionLog;
  readonly recorder: RunRecorder;
  readonly training: Training;
}

/** The events of a training, each yielded once the directory has what it tells. */
async function* trainRecorded(
  { held, log, recorder, training }: Session,
  options: RecordOptions & Pick<TrainOptions, 'resume'>,
): Stream<void> {
  const { engine, resume, signal, checkpointMinutes = CHECKPOINT_MINUTES } = options;
  const tensorBoard = options.writesEvents
    ? await TensorBoardWriter.create(held, engine, training)
    : undefined;
  try {
    for await (const event of train(training, { engine, resume, signal, checkpointMinutes })) {
      await tensorBoard?.record(event);
      recorder.record(event);
      if (event.kind === 'checkpoint' || event.kind === 'epoch') log.recordRemarks();
      yield event;
    }
  } finally {
    tensorBoard?.dispose();
  }
}

/**
 * Brings what earlier sessions left to the point from which the training goes on, and writes what a session begins with.
 *
 * @param warn told in a sentence what is not as it should be
 * @returns the checkpoint from which it goes on
 */
function putInOrder(
  directory: string,
  { run, dataset, environment, resultsDirectory }: RecordOptions,
  { beginning, stepsPerEpoch }: Training,
  warn: (sentence: string) => void,
): Checkpoint | undefined {
  requireResumableImages(directory, run, dataset);
  const checkpoint = recoverCheckpoint(directory, warn);
  const epochsBehind = Math.floor(beginning.firstStep / stepsPerEpoch);
  truncateMetrics(directory, checkpoint?.epoch ?? epochsBehind, epochsBehind + 1);
  // Also without events to be written: a later session that writes some must not find epochs that were taken back.
  truncateEvents(directory, readMetrics(directory).at(-1)?.step ?? 0, warn);
  const change = checkpoint && changeOfEnvironment(directory, environment);
  if (change !== undefined) {
    warn(`going on with ${change}: the numbers will be close to those of one session, not the same`);
  }
  const { fingerprint } = dataset;
  openRun(resultsDirectory, run, renderSettings(run), {
    ...environment,
    ...(fingerprint !== undefined && { dataFingerprint: fingerprint }),
  });
  return checkpoint;
}

/** Nothing if the checkpoint goes on where it was made. */
function changeOfEnvironment(directory: string, now: Environment): string | undefined {
  const before = readEnvironment(directory);
  return before && describeChange(before, now);
}

function snapshotOf({ epoch, step, totals, arrays, specs }: Checkpoint): TrainingSnapshot {
  const { loss = 0, correct = 0 } = totals;
  return { epoch, step, totals: { loss, correct }, state: arrays, specs };
}
