/** @file Draws what the noise of a regularizer asks for. */
import { type ArrayData, sizeOf } from '../arrays.ts';
import { countTrainingBatches } from '../data/batches.ts';
import type { Noise, Probability, Regularizer } from '../methods/types.ts';
import { NormalTable } from '../random/normal-table.ts';
import { fillBernoulli, fillUniform } from '../random/streams.ts';
import type { StreamKey } from '../random/types.ts';
import { Progress } from '../settings/training-time.ts';
import type { TrainingSetup } from './signature.ts';
import { scalarName } from './step-names.ts';

/** The noise of a step or of an evaluation, drawn again and again into the arrays that are fed. */
export class NoiseSource {
  private readonly normals: NormalTable;

  /**
   * @param noise by feed name
   * @param purpose what the noise is for, where it is not for a step of training; other purposes get other numbers
   */
  constructor(
    private readonly seed: number,
    private readonly noise: Readonly<Record<string, Noise>>,
    private readonly purpose = '',
  ) {
    this.normals = new NormalTable(seed);
  }

  /**
   * @param index of the draw: equal ones give equal noise
   * @param progress at which probabilities are taken
   * @param arrays by feed name, overwritten or replaced
   */
  fill(index: number, progress: Progress, arrays: Record<string, ArrayData>): void {
    this.fillNormal(index, arrays);
    for (const [name, wanted] of Object.entries(drawnNoise(this.noise)))
      fillNoise(fixNoise(wanted, progress), this.keyOf(name, index), arrays[name] as ArrayData);
  }

  /** The same of normal noise alone, which is read from a table. */
  fillNormal(index: number, arrays: Record<string, ArrayData>): void {
    for (const [name, { distribution, shape }] of Object.entries(this.noise))
      if (distribution === 'normal')
        arrays[name] = this.normals.slice(this.keyOf(name, index), sizeOf(shape));
  }

  private keyOf(name: string, index: number): StreamKey {
    return { seed: this.seed, purpose: this.purpose + name, index };
  }
}

/**
 * Where a training stands when it takes its last step: ramps have risen as far as they ever do.
 *
 * @param images of the training split
 */
export function lastStep({ schedule }: Pick<TrainingSetup, 'schedule'>, images: number): Progress {
  const steps = countTrainingBatches(images, schedule.batchSize);
  return new Progress(Math.max(0, schedule.epochs * steps - 1), Math.max(1, steps));
}

/** Writes the numbers of a method that change over training into the feeds that it has for them. */
export function fillMethodScalars(
  regularizer: Regularizer,
  progress: Progress,
  feeds: Readonly<Record<string, ArrayData>>,
): void {
  for (const [name, value] of Object.entries(regularizer.scalars?.(progress) ?? {}))
    feeds[scalarName('regularizer', name)]?.fill(value);
}

/** Noise whose every number is drawn. */
type DrawnNoise = Exclude<Noise, { distribution: 'normal' }>;

/** Such noise whose probability no longer depends on the progress. */
export type FixedNoise =
  | Exclude<DrawnNoise, { distribution: 'bernoulli' }>
  | (Extract<DrawnNoise, { distribution: 'bernoulli' }> & { readonly probability: number });

/** All but normal noise, by feed name. */
export function drawnNoise(noise: Readonly<Record<string, Noise>>): Record<string, DrawnNoise> {
  return Object.fromEntries(
    Object.entries(noise).filter(
      (entry): entry is [string, DrawnNoise] => entry[1].distribution !== 'normal',
    ),
  );
}

/** The noise as it is at a point of training. */
export function fixNoise(noise: DrawnNoise, progress: Progress): FixedNoise {
  if (noise.distribution !== 'bernoulli') return noise;
  return { ...noise, probability: probabilityAt(noise.probability, progress) };
}

/** @param out of the noise's size and element type: booleans for Bernoulli noise, else float32 */
export function fillNoise(noise: FixedNoise, key: StreamKey, out: ArrayData): void {
  if (noise.distribution === 'uniform') fillUniform(key, out as Float32Array);
  else fillBernoulli(key, noise.probability, out as Uint8Array);
}

function probabilityAt(probability: Probability, progress: Progress): number {
  return typeof probability === 'number' ? probability : probability(progress);
}
