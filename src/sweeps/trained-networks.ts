/** @file Opens trained runs for pruning; networks of one shape share a compiled evaluation. */
import type { RunSpec } from '../config/experiment.ts';
import type { RunSettings } from '../config/schema.ts';
import type { DatasetSettings } from '../data/registry.ts';
import type { Dataset } from '../data/types.ts';
import { holdOut } from '../data/validation.ts';
import type { Engine } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { getOrMake } from '../maps.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import type { Model } from '../models/types.ts';
import type { StartStage } from '../progress.ts';
import { DEFAULT_CRITERION_IMAGES } from '../pruning/criteria/criterion.ts';
import type { Sensitivity } from '../pruning/criteria/types.ts';
import { readFinalCheckpoint } from '../runs/final-checkpoint.ts';
import type { FinishedRun } from '../runs/find.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import { type AveragedImages, AveragesTaker } from '../training/averages.ts';
import { Evaluator } from '../training/evaluator.ts';
import { NoisyEvaluator } from '../training/noisy-evaluator.ts';
import { SensitivityMeter } from '../training/sensitivity.ts';
import { createSetup } from '../training/setup.ts';
import type { TrainingSetup } from '../training/signature.ts';
import { checkpointId } from './rows.ts';
import type { TrainedNetwork } from './sweep-network.ts';
import { TrainedImages } from './trained-images.ts';

/** A trained network with the images that it was trained and is tested on. */
export interface OpenNetwork extends TrainedNetwork {
  readonly dataset: Dataset;
}

export class TrainedNetworks {
  private readonly images: TrainedImages;
  private readonly evaluators = new Map<string, Promise<Evaluator>>();
  private readonly noisy = new Map<string, Promise<NoisyEvaluator>>();
  private readonly meters = new Map<string, Promise<SensitivityMeter>>();
  private readonly averages = new Map<string, Promise<AveragesTaker>>();

  /**
   * @param startStage called when images have to be fetched
   * @param criterionImages training images over which criteria look at the loss
   */
  constructor(
    private readonly engine: Engine,
    startStage: StartStage,
    private readonly criterionImages?: number,
  ) {
    this.images = new TrainedImages(startStage);
  }

  /**
   * @param datasets where else the images of the experiment's runs may lie
   * @param signal once aborted, the evaluation under way is given up: it throws the signal's reason
   * @throws UserError if the run's folder does not hold what its summary says, or its images are not found
   */
  async open(
    run: FinishedRun,
    datasets: readonly DatasetSettings[],
    signal?: AbortSignal,
  ): Promise<OpenNetwork> {
    const { experiment, variant, seed } = run.identity;
    const spec = readRunSettings(run.directory);
    // What is held out depends on the run's seed; without it the images are those that the run was trained on.
    const all = await this.images.load(run, datasets);
    const dataset = holdOut(all, spec.settings.dataset.validation, seed);
    const setup = await createSetup(spec.settings, dataset);
    const { model, regularizer } = setup;
    const state = readFinalCheckpoint(run).arrays;
    const sensitivities = new Map<string, Promise<ReadonlyMap<string, Sensitivity>>>();
    return {
      names: { experiment, variant, seed, runId: checkpointId(run.id, run.summary.checkpointSha256) },
      model,
      regularizer,
      state,
      dataset,
      sensitivity: (needs) =>
        getOrMake(sensitivities, needs, async () => {
          const images = countCriterionImages(this.criterionImages, dataset.train.count);
          const parameters = evaluationParameters(model, regularizer, state);
          const meter = await this.meterOf(spec.settings, model, images);
          return meter.measure(parameters, dataset.train, images, seed, needs === 'curvature', signal);
        }),
      evaluate: async (parameters, { evaluation, draws, recalibrated }) => {
        const judged = { ...state, ...parameters };
        const keepsNoise = evaluation === 'stochastic';
        if (recalibrated > 0) {
          const images = { count: recalibrated, keepsNoise };
          const taker = await this.averagesOf(spec, setup, dataset, images);
          Object.assign(judged, await taker.take(judged, seed, signal));
        }
        if (!keepsNoise)
          return (await this.evaluatorOf(spec.settings, model, dataset)).evaluate(judged, signal);
        const evaluator = await this.noisyOf(spec.settings, setup, dataset);
        return evaluator.evaluate(judged, { seed, count: draws }, signal);
      },
    };
  }

  dispose(): void {
    // What could not be compiled told its caller why, and leaves nothing behind.
    const ignore = () => {};
    for (const evaluator of [
      ...this.evaluators.values(),
      ...this.noisy.values(),
      ...this.averages.values(),
      ...this.meters.values(),
    ])
      void evaluator.then((compiled) => compiled.dispose(), ignore);
  }

  /** Compiled when the first network of its shape is evaluated: not where all rows are known. */
  private evaluatorOf(settings: RunSettings, model: Model, dataset: Dataset): Promise<Evaluator> {
    const key = JSON.stringify([settings.model, settings.dataset]);
    return getOrMake(this.evaluators, key, () => Evaluator.create(this.engine, model, dataset.test));
  }

  /** Which images these are depends on the seed where some are held out. */
  private averagesOf(
    { settings, seed }: RunSpec,
    setup: TrainingSetup,
    dataset: Dataset,
    images: AveragedImages,
  ): Promise<AveragesTaker> {
    const { validation } = settings.dataset;
    const key = JSON.stringify([settings, images, ...(validation === undefined ? [] : [seed])]);
    return getOrMake(this.averages, key, () => AveragesTaker.create(this.engine, setup, dataset, images));
  }

  private meterOf(settings: RunSettings, model: Model, images: number): Promise<SensitivityMeter> {
    const key = JSON.stringify([settings.model, settings.dataset, images]);
    return getOrMake(this.meters, key, () => SensitivityMeter.create(this.engine, model, images));
  }

  /** With noise, the pass is that of the method. */
  private noisyOf(settings: RunSettings, setup: TrainingSetup, dataset: Dataset): Promise<NoisyEvaluator> {
    const key = JSON.stringify(settings);
    return getOrMake(this.noisy, key, () => NoisyEvaluator.create(this.engine, setup, dataset));
  }
}

/** @throws UserError if more are asked for than there are; where nothing was asked for, fewer will do */
function countCriterionImages(asked: number | undefined, there: number): number {
  if (asked !== undefined && asked > there)
    throw new UserError(
      `the criterion is to look at ${asked} training images, but the run has ${there}, expected at most as many`,
    );
  return asked ?? Math.min(DEFAULT_CRITERION_IMAGES, there);
}
