/** @file Accuracy and loss of a network that goes on dropping, as in training, while it is evaluated. */
import { createArrays, type NamedArrays } from '../arrays.ts';
import type { StepFunction } from '../compiler/step.ts';
import { countEvaluationBatches } from '../data/batches.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine, Program } from '../engines/types.ts';
import { regularizedLayers } from '../methods/layers.ts';
import type { Noise } from '../methods/types.ts';
import { preparedContexts } from './contexts.ts';
import { type Evaluation, imageFeeds, scoreSplit, sumScores } from './evaluator.ts';
import { fillMethodScalars, lastStep, NoiseSource } from './noise.ts';
import { methodFeeds, networkState, noiseFeeds, pickState, type TrainingSetup } from './signature.ts';

/** How often noise is drawn, and from where. */
export interface Draws {
  /** Of the run. */
  readonly seed: number;
  /** Times that each image is evaluated. */
  readonly count: number;
}

/**
 * The method's training pass over the test images: weights are masked or sampled as at the last step of training, with noise
 * of its own streams, anew for each batch; batch normalisation uses the averages that the network has.
 */
export class NoisyEvaluator {
  private constructor(
    private readonly program: Program,
    private readonly setup: TrainingSetup,
    private readonly dataset: Dataset,
    private readonly batchSize: number,
    private readonly noise: Readonly<Record<string, Noise>>,
  ) {}

  /** Batches are as large as in training: some methods choose by what a batch activates. */
  static async create(engine: Engine, setup: TrainingSetup, dataset: Dataset): Promise<NoisyEvaluator> {
    const { model, regularizer, schedule } = setup;
    const batchSize = Math.min(schedule.batchSize, dataset.test.count);
    const noise = noiseFeeds(model, regularizer, batchSize);
    const step: StepFunction = (state, feeds) => {
      const contexts = preparedContexts(model, regularizer, state, feeds);
      const layers = regularizedLayers(state, regularizer, contexts, false);
      return { state: {}, fetches: sumScores(model, feeds, layers) };
    };
    const signature = {
      state: networkState(model, regularizer),
      feeds: { ...imageFeeds(model, batchSize), ...methodFeeds(regularizer, noise) },
    };
    return new NoisyEvaluator(await engine.compile(step, signature), setup, dataset, batchSize, noise);
  }

  /**
   * @param state parameters of the model and extra state of the method; more may be there
   * @returns means over the draws
   * @throws the signal's reason if it is aborted before the last batch
   */
  async evaluate(state: NamedArrays, { seed, count }: Draws, signal?: AbortSignal): Promise<Evaluation> {
    const { program, setup, dataset, batchSize, noise } = this;
    const { model, regularizer } = setup;
    await program.writeState(pickState(model, regularizer, state));
    const progress = lastStep(setup, dataset.train.count);
    const feeds = createArrays({ ...imageFeeds(model, batchSize), ...methodFeeds(regularizer, noise) });
    fillMethodScalars(regularizer, progress, feeds);
    const source = new NoiseSource(seed, noise, 'evaluation/');
    const images = dataset.test.count;
    const batches = countEvaluationBatches(images, batchSize);
    const sums = { correct: 0, loss: 0 };
    for (let draw = 0; draw < count; draw++) {
      const { accuracy, loss } = await scoreSplit(program, dataset.test, feeds, signal, (batch) =>
        source.fill(draw * batches + batch, progress, feeds),
      );
      sums.correct += Math.round(accuracy * images);
      sums.loss += loss;
    }
    return { accuracy: sums.correct / (images * count), loss: sums.loss / count, count: images };
  }

  dispose(): void {
    this.program.dispose();
  }
}
