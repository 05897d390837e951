/** @file Trains one run into its directory, or finds that it is there already. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { RunSpec } from '../config/experiment.ts';
import { printSettings } from '../config/print.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { countParameters } from '../pruning/accounting.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../results/checkpoint.ts';
import type { Environment } from '../results/environment.ts';
import { appendMetrics, readMetrics, truncateMetrics } from '../results/metrics.ts';
import { openRun, RUN_FILES } from '../results/run-directory.ts';
import { openRunLog } from '../results/run-log.ts';
import { readSummary, type Summary, writeSummary } from '../results/summary.ts';
import { createSetup, type EpochReport, type StepReport, train } from './trainer.ts';

export interface RecordOptions {
  readonly resultsDirectory: string;
  readonly run: RunSpec;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly environment: Environment;
  /** Also writes the run's log to standard error. */
  readonly echoLog?: boolean;
  /** Called once before training; `epoch` is where it begins. */
  onStart?(epoch: number): void;
  onStep?(report: StepReport): void;
  onEpoch?(report: EpochReport): void;
}

export interface Recorded {
  readonly summary: Summary;
  /** Whether the run was there already. */
  readonly wasDone: boolean;
}

/**
 * Trains a run and writes its directory: a row of metrics and a checkpoint each epoch, the summary last. A run that is
 * done is left alone, one that was cut off goes on from its last checkpoint.
 *
 * @throws UserError if what an earlier session left is damaged, or as `train`
 * @throws DivergedError as `train`; the last checkpoint stays
 * @throws Error of the file system if the directory cannot be written
 */
export async function trainAndRecord(options: RecordOptions): Promise<Recorded> {
  const { run, resultsDirectory, environment } = options;
  const { directory } = openRun(resultsDirectory, run, printSettings(run), environment);
  const done = readSummary(directory);
  if (done !== undefined) return { summary: done, wasDone: true };
  const checkpoint = readCheckpoint(directory);
  truncateMetrics(directory, checkpoint?.epoch ?? 0);
  const { log, close } = openRunLog(join(directory, RUN_FILES.log), options.echoLog ?? false);
  try {
    const summary = await trainFrom(checkpoint, directory, log, options);
    writeSummary(directory, summary);
    return { summary, wasDone: false };
  } catch (error) {
    log.error(error, 'training failed');
    throw error;
  } finally {
    close();
  }
}

async function trainFrom(
  checkpoint: Checkpoint | undefined,
  directory: string,
  log: Logger,
  options: RecordOptions,
): Promise<Summary> {
  const { run, engine, dataset } = options;
  const fromEpoch = checkpoint?.epoch ?? 0;
  log.info({ run: run.id, engine: engine.name, device: engine.device, fromEpoch }, 'training begins');
  options.onStart?.(fromEpoch);
  const clock = createClock(checkpoint?.trainSeconds ?? 0);
  let sha256 = checkpoint?.sha256;
  await train({
    settings: run.settings,
    seed: run.seed,
    dataset,
    engine,
    resume: checkpoint && { epoch: checkpoint.epoch, state: checkpoint.arrays },
    onStep: (report) => options.onStep?.(report),
    onEpoch(report) {
      appendMetrics(directory, metricsOf(report));
      sha256 = writeCheckpoint(directory, checkpointOf(report, clock.seconds()));
      log.info({ ...metricsOf(report), seconds: clock.seconds() }, 'epoch done');
      options.onEpoch?.(report);
    },
  });
  const summary = summarize(options, directory, clock.seconds(), sha256);
  log.info({ testAccuracy: summary.testAccuracy, seconds: summary.trainSeconds }, 'training done');
  return summary;
}

/** Wall-clock time, added to that of earlier sessions. */
function createClock(before: number): { seconds(): number } {
  const start = performance.now();
  return { seconds: () => before + (performance.now() - start) / 1000 };
}

function metricsOf({ epoch, step, learningRate, means, test }: EpochReport) {
  return {
    epoch,
    step,
    learningRate,
    trainLoss: means.loss,
    trainAccuracy: means.accuracy,
    testLoss: test.loss,
    testAccuracy: test.accuracy,
  };
}

function checkpointOf(
  { epoch, step, state, specs }: EpochReport,
  trainSeconds: number,
): Omit<Checkpoint, 'sha256'> {
  return { epoch, step, trainSeconds, totals: {}, arrays: state, specs };
}

function summarize(
  options: RecordOptions,
  directory: string,
  trainSeconds: number,
  sha256: string | undefined,
): Summary {
  const { run, engine, dataset } = options;
  const last = readMetrics(directory).at(-1);
  if (last === undefined || sha256 === undefined) throw new Error(`${directory} has no epoch to summarise`);
  const images = last.step * run.settings.schedule.batchSize;
  return {
    experiment: run.experiment,
    variant: run.variant,
    seed: run.seed,
    id: run.id,
    hash: run.hash,
    engine: engine.name,
    device: engine.device,
    epochs: last.epoch,
    steps: last.step,
    testAccuracy: last.testAccuracy,
    testLoss: last.testLoss,
    trainSeconds,
    imagesPerSecond: images / trainSeconds,
    parameters: countParameters(createSetup(run.settings, dataset).model),
    finishedAt: new Date().toISOString(),
    checkpointSha256: sha256,
  };
}
