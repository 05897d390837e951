/** @file What a training step is fed: batch, learning rate, noise and scalars, in arrays that are used again. */

import { type ArrayData, createArray, type NamedArrays } from '../arrays.ts';
import { epochOrder } from '../data/batches.ts';
import type { Noise } from '../methods/types.ts';
import { Progress } from '../settings/training-time.ts';
import { FeedsAhead } from './ahead/feeds-ahead.ts';
import { type DrawnBatch, DrawnFeeds } from './drawn-feeds.ts';
import { learningRateAt } from './learning-rate.ts';
import { fillMethodScalars, fixNoise, NoiseSource } from './noise.ts';
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
  /** What is read from a table, and what is drawn, by feed name. */
  private readonly normalNoise: NoiseSource;
  private readonly drawnNoise: Readonly<Record<string, Noise>>;
  private readonly ahead: FeedsAhead | undefined;
  private order: { readonly epoch: number; readonly images: Uint32Array } | undefined;

  /** @param isAhead whether a second thread makes batch and noise of the next step in time */
  constructor(
    private readonly training: FedTraining,
    isAhead = false,
  ) {
    const { signature, seed, noise } = training;
    const arrays = Object.entries(signature.feeds).map(([name, spec]) => [name, createArray(spec)] as const);
    this.arrays = Object.fromEntries(arrays);
    this.drawn = new DrawnFeeds(seed);
    this.noise = new NoiseSource(seed, noise);
    const entries = Object.entries(noise);
    const isNormal = ([, { distribution }]: [string, Noise]) => distribution === 'normal';
    this.normalNoise = new NoiseSource(seed, Object.fromEntries(entries.filter(isNormal)));
    this.drawnNoise = Object.fromEntries(entries.filter((entry) => !isNormal(entry)));
    if (isAhead) {
      const names = this.drawnNames();
      const specs = Object.entries(signature.feeds).filter(([name]) => names.includes(name));
      this.ahead = new FeedsAhead(seed, Object.fromEntries(specs));
    }
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
    const made = this.ahead?.take(step, pick(this.arrays, this.drawnNames()));
    if (made === undefined) this.drawn.fill(this.batchOf(progress), this.arrays);
    else Object.assign(this.arrays, made);
    this.setScalar('learningRate', learningRateAt(schedule, progress));
    this.fillScalars(progress);
    this.normalNoise.fill(step, progress, this.arrays);
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

  private drawnNames(): string[] {
    return ['images', 'labels', ...Object.keys(this.drawnNoise)];
  }

  private askFor(step: number): void {
    const { schedule, stepsPerEpoch } = this.training;
    if (!this.ahead?.isFree || step >= schedule.epochs * stepsPerEpoch) return;
    this.ahead.ask(step, this.batchOf(new Progress(step, stepsPerEpoch)));
  }

  private batchOf(progress: Progress): DrawnBatch {
    const { dataset, schedule, stepsPerEpoch, beginning } = this.training;
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
        Object.entries(this.drawnNoise).map(([name, noise]) => [name, fixNoise(noise, progress)]),
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

function pick(arrays: NamedArrays, names: readonly string[]): NamedArrays {
  return Object.fromEntries(names.map((name) => [name, arrays[name] as ArrayData]));
}
