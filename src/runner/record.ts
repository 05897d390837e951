/** @file Trains one run into its directory, or finds that it is there already or in other hands. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { RunSpec } from '../config/experiment.ts';
import { renderSettings } from '../config/render.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { removeTemporaries } from '../files/atomic.ts';
import { lookAt } from '../files/read.ts';
import { type Busy, type Lock, takeLock } from '../locks/lock.ts';
import { type Checkpoint, removeSpareCheckpoint } from '../runs/checkpoint.ts';
import { TRAINING_BEGINS } from '../runs/condition.ts';
import { RUN_FILES, runDirectory, runState } from '../runs/directory.ts';
import { describeChange, type Environment, readEnvironment } from '../runs/environment.ts';
import { truncateEvents } from '../runs/events/event-file.ts';
import { inspectRun } from '../runs/inspect.ts';
import { type LineSink, openRunLog } from '../runs/log.ts';
import { mendRun } from '../runs/mend.ts';
import { readMetrics, truncateMetrics } from '../runs/metrics.ts';
import { openRun } from '../runs/open-run.ts';
import { recoverCheckpoint } from '../runs/recovery.ts';
import { type Summary, writeSummary } from '../runs/summary.ts';
import type { StepReport, TrainingPosition, TrainingSnapshot } from '../training/epoch.ts';
import { type EpochReport, type TrainingOptions, train } from '../training/trainer.ts';
import { EpochSummarizer } from './epoch-summarizer.ts';
import { RunRecorder } from './recorder.ts';
import { ownerOf, requireResumableImages, requireTrainedImages } from './run-images.ts';

/** Epochs completed and steps taken since the start of training. */
export type TrainingProgress = Pick<TrainingPosition, 'epoch' | 'step'>;

export interface RecordOptions {
  readonly resultsDirectory: string;
  readonly run: RunSpec;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly environment: Environment;
  /** Minutes between two checkpoints within an epoch, above 0; each epoch ends with one anyway. */
  readonly checkpointMinutes?: number;
  /** Once aborted, the training finishes its step, writes a checkpoint and gives way. */
  readonly signal?: AbortSignal;
  /** Is given the lines of the run's log, too. */
  readonly echoLog?: LineSink;
  /** Also writes an event file for TensorBoard, from the epoch under way on. */
  readonly writesEvents?: boolean;
  /** Called once before training with where it begins. */
  onStart?(position: TrainingProgress): void;
  onStep?(report: StepReport): void;
  onEpoch?(report: EpochReport): void;
  /** Called after each checkpoint, within an epoch or at its end. */
  onCheckpoint?(position: TrainingProgress): void;
  /** What befell the command around the training, in sentences: the log takes each once. */
  listRemarks?(): readonly string[];
  /** Told in a sentence what is waited for, before the training begins. */
  onWait?(sentence: string): void;
  /** Told in a sentence what is not as it should be, but does not hinder the training. */
  onWarning?(sentence: string): void;
}

export interface Recorded {
  readonly summary: Summary;
  /** Whether the run was there already. */
  readonly wasDone: boolean;
}

const CHECKPOINT_MINUTES = 5;

/**
 * Trains a run and writes its directory: a row of metrics and a checkpoint each epoch, checkpoints in between, the
 * summary last. A run that is done, or that another process trains, is left alone; one that was cut off goes on from its
 * last checkpoint that is whole.
 *
 * @returns the owner if another process trains the run
 * @throws UserError if the directory is another run's or was begun on other images, if files that an earlier session left
 *   are damaged beyond what the rest tells, if the directory is removed or taken over while training, or as `train`
 * @throws DivergedError as `train`; the last checkpoint stays
 * @throws the signal's reason if it is aborted; the run then goes on from where it was
 * @throws Error of the file system if the directory cannot be written
 */
export async function trainAndRecord(options: RecordOptions): Promise<Recorded | Busy> {
  const directory = runDirectory(options.resultsDirectory, options.run);
  const done = findDone(directory, options);
  if (done !== undefined) return done;
  const lockPath = join(directory, RUN_FILES.lock);
  const lock = await takeLock(lockPath, options.signal, (sentence) => options.onWait?.(sentence));
  if (!('release' in lock)) return lock;
  try {
    // Its owner may have finished it since the first look.
    return findDone(directory, options) ?? (await trainLocked(directory, lock, options));
  } catch (error) {
    throw explainLoss(error, lock);
  } finally {
    lock.release();
  }
}

/** @returns nothing if the run is not done, or something is wrong with it */
function findDone(directory: string, { run, dataset }: RecordOptions): Recorded | undefined {
  if (runState(directory) !== 'done') return undefined;
  const { summary, fault } = inspectRun(directory, run);
  if (summary === undefined || fault !== undefined) return undefined;
  requireTrainedImages(directory, run, dataset);
  // What its last session leaves if it dies right after the summary.
  removeSpareCheckpoint(directory);
  rmSync(join(directory, RUN_FILES.lock), { force: true });
  return { summary, wasDone: true };
}

async function trainLocked(directory: string, lock: Lock, options: RecordOptions): Promise<Recorded> {
  const { run, signal } = options;
  removeTemporaries(directory);
  const logPath = join(directory, RUN_FILES.log);
  // Opening a pipe would wait for a reader for ever.
  if (lookAt(logPath)?.isFIFO()) throw new UserError(`${logPath} is a pipe, expected a file; remove it`);
  const { log, close } = openRunLog(logPath, options.echoLog);
  const warn = (sentence: string) => {
    log.warn(sentence);
    options.onWarning?.(sentence);
  };
  const told = new Set<string>();
  const tellRemarks = () => {
    const remarks = options.listRemarks?.() ?? [];
    for (const remark of remarks.filter((sentence) => !told.has(sentence))) log.warn(remark);
    for (const remark of remarks) told.add(remark);
  };
  try {
    mendRun(directory, run, warn);
    const done = findDone(directory, options);
    if (done !== undefined) return done;
    const summary = await trainFrom(
      directory,
      lock,
      { log, warn },
      {
        ...options,
        onCheckpoint(position) {
          tellRemarks();
          options.onCheckpoint?.(position);
        },
      },
    );
    tellRemarks();
    lock.requireHeld();
    writeSummary(directory, summary);
    removeSpareCheckpoint(directory);
    return { summary, wasDone: false };
  } catch (thrown) {
    const error = explainLoss(thrown, lock);
    tellRemarks();
    if (signal?.aborted && error === signal.reason) log.info({ run: run.id }, 'training interrupted');
    else log.error(error, 'training failed');
    throw error;
  } finally {
    close();
  }
}

/**
 * The directory may be taken away at any moment, also between a look at the lock and a write, or while files are read: then
 * that is said, not which file is missing.
 */
function explainLoss(error: unknown, lock: Lock): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR' && !(error instanceof UserError)) return error;
  try {
    lock.requireHeld();
    return error;
  } catch (loss) {
    return loss;
  }
}

/** Where a training tells what happens. */
interface Told {
  readonly log: Logger;
  warn(sentence: string): void;
}

async function trainFrom(
  directory: string,
  lock: Lock,
  { log, warn }: Told,
  options: RecordOptions,
): Promise<Summary> {
  const { run, dataset, engine, environment, resultsDirectory } = options;
  requireResumableImages(directory, run, dataset);
  const checkpoint = recoverCheckpoint(directory, warn);
  truncateMetrics(directory, checkpoint?.epoch ?? 0);
  // Also without events to be written: a later session that writes some must not find epochs that were taken back.
  truncateEvents(directory, readMetrics(directory).at(-1)?.step ?? 0, warn);
  const change = checkpoint && changeOfEnvironment(directory, environment);
  if (change !== undefined) {
    warn(`going on with another ${change}: the numbers will be close to those of one session, not the same`);
  }
  const { fingerprint } = dataset;
  openRun(resultsDirectory, run, renderSettings(run), {
    ...environment,
    ...(fingerprint !== undefined && { dataFingerprint: fingerprint }),
  });
  const { epoch, step } = checkpoint ?? { epoch: 0, step: 0 };
  log.info({ run: run.id, engine: engine.name, device: engine.device, epoch, step }, TRAINING_BEGINS);
  options.onStart?.({ epoch, step });
  const recorder = new RunRecorder(directory, lock, log, {
    checkpoint,
    owner: ownerOf(run, dataset),
    minutes: options.checkpointMinutes ?? CHECKPOINT_MINUTES,
  });
  const summarizer = options.writesEvents ? await EpochSummarizer.create(engine, run, dataset) : undefined;
  try {
    const resume = checkpoint && snapshotOf(checkpoint);
    await trainRecorded({ ...options, resume }, recorder, summarizer);
  } finally {
    summarizer?.dispose();
  }
  return recorder.summarize(run, engine, dataset);
}

function trainRecorded(
  options: RecordOptions & Pick<TrainingOptions, 'resume'>,
  recorder: RunRecorder,
  summarizer: EpochSummarizer | undefined,
): Promise<void> {
  const { run, dataset, engine, resume, signal } = options;
  return train({
    settings: run.settings,
    seed: run.seed,
    dataset,
    engine,
    resume,
    signal,
    onStep: (report) => options.onStep?.(report),
    isCheckpointDue: () => recorder.isCheckpointDue(),
    onSnapshot(snapshot) {
      recorder.recordSnapshot(snapshot);
      options.onCheckpoint?.({ epoch: snapshot.epoch, step: snapshot.step });
    },
    async onEpoch(report) {
      recorder.recordEpoch(report, await summarizer?.summarize(report));
      options.onCheckpoint?.({ epoch: report.epoch, step: report.step });
      options.onEpoch?.(report);
    },
  });
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
