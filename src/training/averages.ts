/** @file The averages of batch normalisation, taken anew for a network whose weights were changed after training. */
import { createArrays, type NamedArrays } from '../arrays.ts';
import type { StepFunction } from '../compiler/step.ts';
import { countDraws, countEvaluationBatches, fillBatch } from '../data/batches.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine, Program } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { regularizedLayers } from '../methods/layers.ts';
import type { Noise } from '../methods/types.ts';
import { plainLayers } from '../models/layers.ts';
import { fillUniform, permutation } from '../random/streams.ts';
import { preparedContexts, required } from './contexts.ts';
import { fillMethodScalars, lastStep, NoiseSource } from './noise.ts';
import {
  imagesSpec,
  methodFeeds,
  networkState,
  noiseFeeds,
  pickState,
  renameKeys,
  type TrainingSetup,
} from './signature.ts';

/** What averages are taken over. */
export interface AveragedImages {
  /** Number of training images. */
  readonly count: number;
  /** Whether the network goes on dropping, as in training, or is the one that is evaluated without noise. */
  readonly keepsNoise: boolean;
}

const fetchName = (parameter: string): string => `average/${parameter}`;

/**
 * Forward passes over training images, augmented as in training, which use the statistics of each batch as training does. The new
 * average is the mean of these statistics, each batch counting alike. Labels are not looked at, and nothing else changes.
 */
export class AveragesTaker {
  private constructor(
    private readonly program: Program,
    private readonly setup: TrainingSetup,
    private readonly dataset: Dataset,
    private readonly images: AveragedImages,
    private readonly batchSize: number,
    private readonly noise: Readonly<Record<string, Noise>>,
  ) {}

  /** @throws UserError if there are fewer training images than asked for */
  static async create(
    engine: Engine,
    setup: TrainingSetup,
    dataset: Dataset,
    images: AveragedImages,
  ): Promise<AveragesTaker> {
    const { model, regularizer, schedule } = setup;
    if (images.count > dataset.train.count) {
      throw new UserError(
        `--recalibrate is ${images.count}, expected at most the ${dataset.train.count} training images`,
      );
    }
    const batchSize = Math.min(schedule.batchSize, images.count);
    const noise = images.keepsNoise ? noiseFeeds(model, regularizer, batchSize) : {};
    const step: StepFunction = (state, feeds) => {
      const layers = images.keepsNoise
        ? regularizedLayers(state, regularizer, preparedContexts(model, regularizer, state, feeds))
        : plainLayers(state, true);
      model.forward(required(feeds, 'images'), {
        ...layers,
        // Without momentum, what training would make of an average is the statistic of the batch.
        batchNorm: (x, layer, settings) => layers.batchNorm(x, layer, { ...settings, momentum: 0 }),
      });
      return { state: {}, fetches: renameKeys(layers.updates, fetchName) };
    };
    const signature = {
      state: networkState(model, regularizer),
      feeds: {
        images: imagesSpec(model, batchSize),
        ...(images.keepsNoise ? methodFeeds(regularizer, noise) : {}),
      },
    };
    return new AveragesTaker(await engine.compile(step, signature), setup, dataset, images, batchSize, noise);
  }

  /**
   * @param state parameters of the model and extra state of the method; more may be there
   * @param seed of the run: which images, how they are augmented, and the noise
   * @returns new values of the model's averages
   * @throws the signal's reason if it is aborted before the last batch
   */
  async take(state: NamedArrays, seed: number, signal?: AbortSignal): Promise<NamedArrays> {
    const { program, setup, dataset, images, batchSize, noise } = this;
    const { model, regularizer } = setup;
    await program.writeState(pickState(model, regularizer, state));
    const feeds = createArrays({
      images: imagesSpec(model, batchSize),
      ...(images.keepsNoise ? methodFeeds(regularizer, noise) : {}),
    });
    const progress = lastStep(setup, dataset.train.count);
    fillMethodScalars(regularizer, progress, feeds);
    const source = new NoiseSource(seed, noise, 'recalibration/');
    const order = permutation({ seed, purpose: 'recalibration/shuffle', index: 0 }, dataset.train.count);
    const labels = new Int32Array(batchSize);
    const draws = new Float32Array(countDraws(dataset.train, batchSize));
    const batches = countEvaluationBatches(images.count, batchSize);
    const averages = model.parameters.filter(({ role }) => role === 'average').map(({ name }) => name);
    const sums = new Map<string, Float64Array>();
    for (let batch = 0; batch < batches; batch++) {
      if (draws.length > 0) fillUniform({ seed, purpose: 'recalibration/augmentation', index: batch }, draws);
      // The last batch reaches back to be full.
      const start = Math.min(batch * batchSize, images.count - batchSize);
      fillBatch(dataset.train, order, start, feeds.images as Float32Array, labels, draws);
      source.fill(batch, progress, feeds);
      const fetches = await program.run(feeds);
      signal?.throwIfAborted();
      for (const name of averages) {
        const statistic = fetches[fetchName(name)] as Float32Array;
        const sum = sums.get(name) ?? new Float64Array(statistic.length);
        sums.set(
          name,
          sum.map((value, channel) => value + (statistic[channel] ?? Number.NaN)),
        );
      }
    }
    return Object.fromEntries(
      [...sums].map(([name, sum]) => [name, Float32Array.from(sum, (value) => value / batches)]),
    );
  }

  dispose(): void {
    this.program.dispose();
  }
}
