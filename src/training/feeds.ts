/** @file What a training step is fed: batch, learning rate, noise and scalars, in arrays that are used again. */
import { type ArrayData, createArray, type NamedArrays, sizeOf } from '../arrays.ts';
import { countDraws, fillBatch } from '../data/batches.ts';
import type { Split } from '../data/types.ts';
import { NormalTable } from '../random/normal-table.ts';
import { fillUniform } from '../random/streams.ts';
import { learningRateAt } from './learning-rate.ts';
import { scalarName } from './names.ts';
import { fillNoise } from './noise.ts';
import type { TrainingSetup } from './signature.ts';
import type { TrainingStep } from './step.ts';

export class TrainingFeeds {
  private readonly arrays: NamedArrays;
  private readonly normals: NormalTable;
  private readonly draws: Float32Array;

  constructor(
    private readonly setup: TrainingSetup,
    private readonly compiled: TrainingStep,
    private readonly split: Split,
    private readonly stepsPerEpoch: number,
    private readonly seed: number,
  ) {
    const { feeds } = compiled.signature;
    this.arrays = Object.fromEntries(Object.entries(feeds).map(([name, spec]) => [name, createArray(spec)]));
    this.normals = new NormalTable(seed);
    this.draws = new Float32Array(countDraws(split, setup.schedule.batchSize));
  }

  /**
   * Everything that a step is fed. The arrays are overwritten by the next call.
   *
   * @param step steps taken before this one
   * @param order numbers of the epoch's images
   * @param start where the batch begins in `order`
   */
  fill(step: number, order: Uint32Array, start: number): NamedArrays {
    const { images, labels } = this.arrays;
    if (this.draws.length > 0) {
      fillUniform({ seed: this.seed, purpose: 'augmentation', index: step }, this.draws);
    }
    fillBatch(this.split, order, start, images as Float32Array, labels as Int32Array, this.draws);
    this.setScalar('learningRate', learningRateAt(this.setup.schedule, step, this.stepsPerEpoch));
    this.fillScalars(step);
    this.fillNoise(step);
    return this.arrays;
  }

  private fillScalars(step: number): void {
    const progress = { step, stepsPerEpoch: this.stepsPerEpoch };
    for (const [name, value] of Object.entries(this.setup.regularizer.scalars?.(progress) ?? {})) {
      this.setScalar(scalarName('regularizer', name), value);
    }
    for (const [name, value] of Object.entries(this.compiled.optimizer.scalars(step))) {
      this.setScalar(scalarName('optimizer', name), value);
    }
  }

  private fillNoise(step: number): void {
    const progress = { step, stepsPerEpoch: this.stepsPerEpoch };
    for (const [name, noise] of Object.entries(this.compiled.noise)) {
      const key = { seed: this.seed, purpose: name, index: step };
      if (noise.distribution === 'normal') this.arrays[name] = this.normals.slice(key, sizeOf(noise.shape));
      else fillNoise(noise, key, progress, this.arrays[name] as ArrayData);
    }
  }

  private setScalar(name: string, value: number): void {
    this.arrays[name]?.fill(value);
  }
}
