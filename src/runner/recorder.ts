/** @file What a training leaves in its run's directory while it goes on. Nothing is written without holding the lock. */
import type { Logger } from 'pino';
import type { RunSpec } from '../config/experiment.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import type { Lock } from '../locks/lock.ts';
import { createModel } from '../models/registry.ts';
import { countParameters } from '../pruning/accounting.ts';
import { type Checkpoint, type CheckpointOwner, writeCheckpoint } from '../runs/checkpoint.ts';
import { appendEvents } from '../runs/events/event-file.ts';
import type { EpochSummary } from '../runs/events/messages.ts';
import { appendMetrics, readMetrics } from '../runs/metrics.ts';
import type { Summary } from '../runs/summary.ts';
import { NO_TOTALS, type TrainingSnapshot } from '../training/epoch.ts';
import type { EpochReport } from '../training/trainer.ts';
import { type CheckpointTimer, startCheckpointTimer } from './checkpoint-timer.ts';

export class RunRecorder {
  private readonly began = performance.now();
  private readonly timer: CheckpointTimer;
  private sha256: string | undefined;

  /** @param checkpoint from which the training goes on */
  constructor(
    private readonly directory: string,
    private readonly lock: Lock,
    private readonly log: Logger,
    private readonly options: {
      readonly checkpoint: Checkpoint | undefined;
      readonly owner: CheckpointOwner;
      readonly minutes: number;
    },
  ) {
    this.timer = startCheckpointTimer(options.minutes);
    this.sha256 = options.checkpoint?.sha256;
  }

  isCheckpointDue(): boolean {
    return this.timer.isDue();
  }

  recordSnapshot(snapshot: TrainingSnapshot): void {
    this.write(() => this.save(snapshot));
    const { epoch, step } = snapshot;
    this.log.info({ epoch, step, seconds: this.seconds() }, 'checkpoint written');
  }

  /**
   * Metrics and events come first: what is beyond the checkpoint is forgotten when the run goes on, and nothing is missed.
   *
   * @param summary for TensorBoard, if asked for
   */
  recordEpoch(report: EpochReport, summary: EpochSummary | undefined): void {
    const row = metricsOf(report);
    this.write(() => appendMetrics(this.directory, row));
    if (summary !== undefined) this.write(() => appendEvents(this.directory, summary));
    this.write(() => this.save({ ...report, totals: NO_TOTALS }));
    this.log.info({ ...row, seconds: this.seconds() }, 'epoch done');
  }

  /** Of a run whose last epoch is recorded. */
  summarize(run: RunSpec, engine: Engine, dataset: Dataset): Summary {
    const last = readMetrics(this.directory).at(-1);
    if (last === undefined || this.sha256 === undefined) {
      this.lock.requireHeld();
      throw new Error(`${this.directory} has no epoch to summarise`);
    }
    const trainSeconds = this.seconds();
    const summary: Summary = {
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
      imagesPerSecond: (last.step * run.settings.schedule.batchSize) / trainSeconds,
      parameters: countParameters(createModel(run.settings.model, dataset.imageShape, dataset.classes)),
      data: describeData(dataset),
      finishedAt: new Date().toISOString(),
      checkpointSha256: this.sha256,
    };
    this.log.info({ testAccuracy: summary.testAccuracy, seconds: trainSeconds }, 'training done');
    return summary;
  }

  private write(work: () => void): void {
    this.lock.requireHeld();
    work();
  }

  private save({ epoch, step, totals, state, specs }: TrainingSnapshot): void {
    this.sha256 = writeCheckpoint(this.directory, {
      run: this.options.owner,
      epoch,
      step,
      trainSeconds: this.seconds(),
      totals: { ...totals },
      arrays: state,
      specs,
    });
    this.timer.restart();
  }

  /** Wall-clock time, added to that of earlier sessions. */
  private seconds(): number {
    return (this.options.checkpoint?.trainSeconds ?? 0) + (performance.now() - this.began) / 1000;
  }
}

function describeData({ fingerprint, imageShape, classes, train, test }: Dataset): Summary['data'] {
  const [height, width, channels] = imageShape;
  return {
    ...(fingerprint !== undefined && { fingerprint }),
    imageShape: [height, width, channels],
    classes,
    trainImages: train.count,
    testImages: test.count,
  };
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
