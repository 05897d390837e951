/** @file What a training leaves in its run's directory while it goes on. Nothing is written without holding the lock. */
import type { Logger } from 'pino';
import type { Dataset } from '../data/types.ts';
import { countParameters } from '../pruning/accounting.ts';
import { type Checkpoint, writeCheckpoint } from '../runs/checkpoint.ts';
import { TRAINING_BEGINS } from '../runs/condition.ts';
import { appendMetrics, type MetricsRow, readMetrics } from '../runs/metrics.ts';
import type { Summary } from '../runs/summary.ts';
import type { CheckpointEvent, EpochEvent, TrainingEvent, TrainingSnapshot } from '../training/events.ts';
import type { Training } from '../training/types.ts';
import type { HeldDirectory } from './held-directory.ts';
import type { RecordOptions } from './record-options.ts';
import { ownerOf } from './run-images.ts';

export class RunRecorder {
  private readonly began = performance.now();
  private sha256: string | undefined;

  /** @param options with the checkpoint from which the training goes on */
  constructor(
    private readonly held: HeldDirectory,
    private readonly log: Logger,
    private readonly options: Pick<RecordOptions, 'run' | 'dataset' | 'engine'> & {
      readonly checkpoint: Checkpoint | undefined;
    },
  ) {
    this.sha256 = options.checkpoint?.sha256;
  }

  /** To be called before anything that takes memory: a session that is ended for lack of it is known by this line. */
  recordStart(): void {
    const { run, engine, checkpoint } = this.options;
    const { name, device } = engine;
    const { epoch, step } = checkpoint ?? { epoch: 0, step: 0 };
    this.log.info({ run: run.id, engine: name, device, epoch, step }, TRAINING_BEGINS);
  }

  /** Writes what an event of the training leaves in the directory. */
  record(event: TrainingEvent): void {
    if (event.kind === 'checkpoint') this.recordCheckpoint(event);
    else if (event.kind === 'epoch') this.recordEpoch(event);
  }

  /** Of a run whose last epoch is recorded. */
  summarize({ model, dataset }: Training): Summary {
    const { run, engine } = this.options;
    const last = readMetrics(this.held.path).at(-1);
    if (last === undefined || this.sha256 === undefined) {
      this.held.requireHeld();
      throw new Error(`${this.held.path} has no epoch to summarise`);
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
      ...(last.validationAccuracy !== undefined && {
        validationAccuracy: last.validationAccuracy,
        validationLoss: last.validationLoss,
      }),
      trainSeconds,
      imagesPerSecond: (last.step * run.settings.schedule.batchSize) / trainSeconds,
      parameters: countParameters(model),
      data: describeData(dataset),
      finishedAt: new Date().toISOString(),
      checkpointSha256: this.sha256,
    };
    this.log.info({ testAccuracy: summary.testAccuracy, seconds: trainSeconds }, 'training done');
    return summary;
  }

  private recordCheckpoint(event: CheckpointEvent): void {
    this.held.write(() => this.save(event));
    const { epoch, step } = event;
    this.log.info({ epoch, step, seconds: this.seconds() }, 'checkpoint written');
  }

  /** Metrics come first: what is beyond the checkpoint is forgotten when the run goes on, and nothing is missed. */
  private recordEpoch(event: EpochEvent): void {
    const row = metricsOf(event);
    this.held.write(() => appendMetrics(this.held.path, row));
    this.held.write(() => this.save(event));
    this.log.info({ ...row, seconds: this.seconds() }, 'epoch done');
  }

  private save({ epoch, step, totals, state, specs }: TrainingSnapshot): void {
    const { run, dataset } = this.options;
    this.sha256 = writeCheckpoint(this.held.path, {
      run: ownerOf(run, dataset),
      epoch,
      step,
      trainSeconds: this.seconds(),
      totals: { ...totals },
      arrays: state,
      specs,
    });
  }

  /** Wall-clock time, added to that of earlier sessions. */
  private seconds(): number {
    return (this.options.checkpoint?.trainSeconds ?? 0) + (performance.now() - this.began) / 1000;
  }
}

function describeData({
  fingerprint,
  imageShape,
  classes,
  classNames,
  train,
  validation,
  test,
}: Dataset): Summary['data'] {
  const [height, width, channels] = imageShape;
  return {
    ...(fingerprint !== undefined && { fingerprint }),
    imageShape: [height, width, channels],
    classes,
    ...(classNames !== undefined && { classNames: [...classNames] }),
    trainImages: train.count,
    ...(validation !== undefined && { validationImages: validation.count }),
    testImages: test.count,
  };
}

function metricsOf({ epoch, step, learningRate, means, test, validation }: EpochEvent): MetricsRow {
  return {
    epoch,
    step,
    learningRate,
    trainLoss: means.loss,
    trainAccuracy: means.accuracy,
    testLoss: test.loss,
    testAccuracy: test.accuracy,
    ...(validation !== undefined && {
      validationLoss: validation.loss,
      validationAccuracy: validation.accuracy,
    }),
  };
}
