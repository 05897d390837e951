/** @file What a training step is fed: batch, learning rate, noise and scalars, in arrays that are used again. */

import { createArrays, type NamedArrays } from '../arrays.ts';
import { epochOrder } from '../data/batches.ts';
import { Progress } from '../settings/training-time.ts';
import { FeedsAhead } from './ahead/feeds-ahead.ts';
import { type DrawnBatch, DrawnFeeds } from './drawn-feeds.ts';
import { learningRateAt } from './learning-rate.ts';
import { drawnNoise, fillMethodScalars, fixNoise, NoiseSource } from './noise.ts';
import { scalarName } from './step-names.ts';
import type { Training } from './types.ts';

/** What the feeds of a training depend on. */
export type FedTraining = Pick<
  Training,
  'regularizer' | 'schedule' | 'signature' | 'optimizer' | 'noise' | 'stepsPerEpoch' | 'beginning' | 'seed'
> & { readonly dataset: Pick<Training['dataset'], 'train'> };

export class TrainingFeeds {
  private readonly arrays: NamedArrays;
  private readonly drawn: DrawnFeeds;
  private readonly noise: NoiseSource;
  /** Of what is drawn, the arrays that are fed. */
  private readonly drawnNames: readonly string[];
  private readonly ahead: FeedsAhead | undefined;
  private order: { readonly epoch: number; readonly images: Uint32Array } | undefined;

  /** @param isAhead whether a second thread makes batch and noise of the next step in time */
  constructor(
    private readonly training: FedTraining,
    isAhead = false,
  ) {
    const { signature, seed, noise } = training;
    this.arrays = createArrays(signature.feeds);
    this.drawn = new DrawnFeeds(seed);
    this.noise = new NoiseSource(seed, noise);
    this.drawnNames = ['images', 'labels', ...Object.keys(drawnNoise(noise))];
    if (isAhead) this.ahead = new FeedsAhead(seed, pick(signature.feeds, this.drawnNames));
  }

  /** Steps whose batch and noise were made while another step computed. */
  get madeAhead(): number {
    return this.ahead?.made ?? 0;
  }

  /**
   * Everything that a step is fed. The arrays are overwritten by the next call.
   *
   * @param step steps taken before this one
   */
  fill(step: number): NamedArrays {
    const { schedule, stepsPerEpoch } = this.training;
    const progress = new Progress(step, stepsPerEpoch);
    const made = this.ahead?.take(step, pick(this.arrays, this.drawnNames));
    if (made === undefined) this.drawn.fill(this.batchOf(progress), this.arrays);
    else Object.assign(this.arrays, made);
    this.setScalar('learningRate', learningRateAt(schedule, progress));
    this.fillScalars(progress);
    this.noise.fillNormal(step, this.arrays);
    this.askFor(step + 1);
    return this.arrays;
  }

  /**
   * Draws the noise of a step, and leaves the rest as it is.
   *
   * @returns all feeds
   */
  fillNoise(progress: Progress): NamedArrays {
    this.noise.fill(progress.step, progress, this.arrays);
    return this.arrays;
  }

  /** Ends the second thread. */
  dispose(): void {
    this.ahead?.dispose();
  }

  private askFor(step: number): void {
    const { schedule, stepsPerEpoch } = this.training;
    if (!this.ahead?.isFree || step >= schedule.epochs * stepsPerEpoch) return;
    this.ahead.ask(step, this.batchOf(new Progress(step, stepsPerEpoch)));
  }

  private batchOf(progress: Progress): DrawnBatch {
    const { dataset, schedule, stepsPerEpoch, beginning, noise } = this.training;
    const { step } = progress;
    // Over the epochs of earlier runs, too.
    const whole = new Progress(step + beginning.epochsBefore * stepsPerEpoch, stepsPerEpoch);
    return {
      split: dataset.train,
      indices: this.orderOf(whole.epoch),
      start: whole.stepOfEpoch * schedule.batchSize,
      imageStep: whole.step,
      step,
      noise: Object.fromEntries(
        Object.entries(drawnNoise(noise)).map(([name, wanted]) => [name, fixNoise(wanted, progress)]),
      ),
    };
  }

  /** Numbers of an epoch's images, in the order in which it takes them. */
  private orderOf(epoch: number): Uint32Array {
    if (this.order?.epoch === epoch) return this.order.images;
    const { seed, dataset } = this.training;
    const images = epochOrder(seed, epoch, dataset.train.count);
    this.order = { epoch, images };
    return images;
  }

  private fillScalars(progress: Progress): void {
    const { regularizer, optimizer, beginning } = this.training;
    fillMethodScalars(regularizer, progress, this.arrays);
    const step = progress.step - beginning.optimizerStep;
    for (const [name, value] of Object.entries(optimizer.scalars(step))) {
      this.setScalar(scalarName('optimizer', name), value);
    }
  }

  private setScalar(name: string, value: number): void {
    this.arrays[name]?.fill(value);
  }
}

function pick<T>(entries: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, entries[name] as T]));
}
