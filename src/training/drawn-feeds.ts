/** @file What of a step's feeds takes time to make: the batch and its noise. It depends on numbers alone, so that any thread can make it. */
import type { NamedArrays } from '../arrays.ts';
import { countDraws, fillBatch } from '../data/batches.ts';
import type { Split } from '../data/types.ts';
import { fillUniform } from '../random/streams.ts';
import { type FixedNoise, fillNoise } from './noise.ts';

/** What a step's batch and noise are made from. */
export interface DrawnBatch {
  /** The images, of which the batch is a part. */
  readonly split: Split;
  /** Numbers of images of the split. */
  readonly indices: Uint32Array;
  /** Where the batch begins in `indices`. */
  readonly start: number;
  /** Of the augmentation: equal ones crop and flip alike. */
  readonly imageStep: number;
  /** Of the noise. */
  readonly step: number;
  /** By feed name. */
  readonly noise: Readonly<Record<string, FixedNoise>>;
}

export class DrawnFeeds {
  private draws = new Float32Array(0);

  constructor(private readonly seed: number) {}

  /**
   * @param arrays `images`, `labels` and what the noise is called, overwritten
   * @throws RangeError as `fillBatch`
   */
  fill({ split, indices, start, imageStep, step, noise }: DrawnBatch, arrays: NamedArrays): void {
    const { seed } = this;
    const [images, labels] = [arrays.images as Float32Array, arrays.labels as Int32Array];
    const count = countDraws(split, labels.length);
    if (this.draws.length !== count) this.draws = new Float32Array(count);
    if (count > 0) fillUniform({ seed, purpose: 'augmentation', index: imageStep }, this.draws);
    fillBatch(split, indices, start, images, labels, this.draws);
    for (const [name, wanted] of Object.entries(noise))
      fillNoise(wanted, { seed, purpose: name, index: step }, arrays[name] as NamedArrays[string]);
  }
}
