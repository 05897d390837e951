/** @file What a training step is fed: batch, learning rate, noise and scalars, in arrays that are used again. */

import { createArray, type NamedArrays } from '../arrays.ts';
import { countDraws, epochOrder, fillBatch } from '../data/batches.ts';
import { fillUniform } from '../random/streams.ts';
import { Progress } from '../settings/training-time.ts';
import { learningRateAt } from './learning-rate.ts';
import { fillMethodScalars, NoiseSource } from './noise.ts';
import { scalarName } from './step-names.ts';
import type { Training } from './types.ts';

/** What the feeds of a training depend on. */
export type FedTraining = Pick<
  Training,
  'regularizer' | 'schedule' | 'signature' | 'optimizer' | 'noise' | 'stepsPerEpoch' | 'beginning' | 'seed'
> & { readonly dataset: Pick<Training['dataset'], 'train'> };

export class TrainingFeeds {
  private readonly arrays: NamedArrays;
  private readonly noise: NoiseSource;
  private readonly draws: Float32Array;
  private order: { readonly epoch: number; readonly images: Uint32Array } | undefined;

  constructor(private readonly training: FedTraining) {
    const { signature, dataset, schedule, seed } = training;
    const arrays = Object.entries(signature.feeds).map(([name, spec]) => [name, createArray(spec)] as const);
    this.arrays = Object.fromEntries(arrays);
    this.noise = new NoiseSource(seed, training.noise);
    this.draws = new Float32Array(countDraws(dataset.train, schedule.batchSize));
  }

  /**
   * Everything that a step is fed. The arrays are overwritten by the next call.
   *
   * @param step steps taken before this one
   */
  fill(step: number): NamedArrays {
    const { schedule, stepsPerEpoch, beginning } = this.training;
    const progress = new Progress(step, stepsPerEpoch);
    const { epochsBefore } = beginning;
    this.fillImages(new Progress(step + epochsBefore * stepsPerEpoch, stepsPerEpoch));
    this.setScalar('learningRate', learningRateAt(schedule, progress));
    this.fillScalars(progress);
    return this.fillNoise(progress);
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

  /** @param progress over the epochs of earlier runs, too */
  private fillImages(progress: Progress): void {
    const { dataset, schedule, seed } = this.training;
    const { images, labels } = this.arrays;
    if (this.draws.length > 0) {
      fillUniform({ seed, purpose: 'augmentation', index: progress.step }, this.draws);
    }
    const order = this.orderOf(progress.epoch);
    const start = progress.stepOfEpoch * schedule.batchSize;
    fillBatch(dataset.train, order, start, images as Float32Array, labels as Int32Array, this.draws);
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
