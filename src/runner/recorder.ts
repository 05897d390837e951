/** @file What a training leaves in its run's directory while it goes on. Nothing is written without holding the lock. */
import type { Logger } from 'pino';
import type { Dataset } from '../data/types.ts';
import { countParameters } from '../pruning/accounting.ts';
import { type BestNetwork, writeBest } from '../runs/best-network.ts';
import { type Checkpoint, writeCheckpoint } from '../runs/checkpoint.ts';
import { TRAINING_BEGINS } from '../runs/condition.ts';
import { appendMetrics, type MetricsRow, readMetrics } from '../runs/metrics.ts';
import type { ParentRecord, Summary } from '../runs/summary.ts';
import type { CheckpointEvent, EpochEvent, TrainingEvent, TrainingSnapshot } from '../training/events.ts';
import type { Training } from '../training/types.ts';
import type { HeldDirectory } from './held-directory.ts';
import type { RecordOptions } from './record-options.ts';
import { ownerOf } from './run-images.ts';

export class RunRecorder {
  private readonly began = performance.now();
  private sha256: string | undefined;
  private parent: ParentRecord | undefined;
  /** Of a run that keeps the network of its best epoch. */
  private best: (BestNetwork & { readonly accuracy: number }) | undefined;

  /** @param options with the checkpoint from which the training goes on */
  constructor(
    private readonly held: HeldDirectory,
    private readonly log: Logger,
    private readonly options: Pick<RecordOptions, 'run' | 'dataset' | 'engine'> & {
      readonly checkpoint: Checkpoint | undefined;
    },
  ) {
    this.sha256 = options.checkpoint?.sha256;
    this.parent = options.checkpoint?.parent;
    const { best } = options.checkpoint ?? {};
    if (best === undefined) return;
    const row = readMetrics(held.path).find(({ epoch }) => epoch === best.epoch);
    if (row?.validationAccuracy !== undefined) this.best = { ...best, accuracy: row.validationAccuracy };
  }

  /** To be called before anything that takes memory: a session that is ended for lack of it is known by this line. */
  recordStart(): void {
    const { run, engine, checkpoint } = this.options;
    const { name, device } = engine;
    const { epoch, step } = checkpoint ?? { epoch: 0, step: 0 };
    this.log.info({ run: run.id, engine: name, device, epoch, step }, TRAINING_BEGINS);
  }

  /** To be called before a run begins that goes on from another. */
  recordParent(parent: ParentRecord): void {
    this.parent = parent;
    this.log.info({ parent }, 'begins with the pruned network of another run');
  }

  /** Writes what an event of the training leaves in the directory. */
  record(event: TrainingEvent): void {
    if (event.kind === 'checkpoint') this.recordCheckpoint(event);
    else if (event.kind === 'epoch') this.recordEpoch(event);
  }

  /** Of a run whose last epoch is recorded. */
  summarize({ model, dataset, beginning }: Training): Summary {
    const { run, engine } = this.options;
    const rows = readMetrics(this.held.path);
    const last = rows.at(-1);
    const counted = this.best === undefined ? last : rows.find(({ epoch }) => epoch === this.best?.epoch);
    if (last === undefined || counted === undefined || this.sha256 === undefined) {
      this.held.requireHeld();
      throw new Error(`${this.held.path} has no epoch to summarise`);
    }
    const trainSeconds = this.seconds();
    const taken = last.step - beginning.firstStep + beginning.repeatedSteps;
    const summary: Summary = {
      experiment: run.experiment,
      variant: run.variant,
      seed: run.seed,
      id: run.id,
      hash: run.hash,
      ...(this.parent !== undefined && { parent: this.parent }),
      engine: engine.name,
      device: engine.device,
      epochs: last.epoch,
      steps: last.step,
      ...(this.best !== undefined && { bestEpoch: this.best.epoch }),
      testAccuracy: counted.testAccuracy,
      testLoss: counted.testLoss,
      ...(counted.validationAccuracy !== undefined && {
        validationAccuracy: counted.validationAccuracy,
        validationLoss: counted.validationLoss,
      }),
      trainSeconds,
      imagesPerSecond: (taken * run.settings.schedule.batchSize) / trainSeconds,
      parameters: countParameters(model),
      data: describeData(dataset),
      finishedAt: new Date().toISOString(),
      checkpointSha256: this.best?.sha256 ?? this.sha256,
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
    const keepsBest = this.options.run.settings.schedule.keep === 'best-validation';
    const isBest = keepsBest && (event.validation?.accuracy ?? -1) > (this.best?.accuracy ?? -1);
    const bestEpoch = isBest ? event.epoch : this.best?.epoch;
    const row = { ...metricsOf(event), ...(bestEpoch !== undefined && { bestEpoch }) };
    this.held.write(() => appendMetrics(this.held.path, row));
    if (isBest) this.held.write(() => this.saveBest(event));
    this.held.write(() => this.save(event));
    this.log.info({ ...row, seconds: this.seconds(), secondsOf: event.seconds }, 'epoch done');
  }

  private saveBest({ epoch, validation, state, specs }: EpochEvent): void {
    const best = writeBest(this.held.path, epoch, { arrays: state, specs });
    this.best = { ...best, accuracy: validation?.accuracy ?? 0 };
  }

  private save({ epoch, step, totals, state, specs }: TrainingSnapshot): void {
    const { run, dataset } = this.options;
    this.sha256 = writeCheckpoint(this.held.path, {
      run: ownerOf(run, dataset),
      ...(this.parent !== undefined && { parent: this.parent }),
      epoch,
      step,
      trainSeconds: this.seconds(),
      totals: { ...totals },
      ...(this.best !== undefined && { best: { epoch: this.best.epoch, sha256: this.best.sha256 } }),
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
