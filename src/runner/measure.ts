/** @file Times what no earlier run has timed: a few steps and an evaluation of part of the test images. */
import type { RunSpec } from '../config/experiment.ts';
import type { Dataset, Split } from '../data/types.ts';
import { countValidationImages } from '../data/validation.ts';
import type { Engine } from '../engines/types.ts';
import { median } from '../median.ts';
import { type TrainingTimes, timeEvaluation, timeTraining } from './timing.ts';

export interface MeasuredSpeed {
  readonly compileSeconds: number;
  readonly stepSeconds: number;
  /** Of a pass over all test images and those of the validation split. */
  readonly evaluationSeconds: number;
}

/** A step may take half a millisecond or ten seconds. */
const STEPS = { warmup: 3, repetitions: 200, seconds: 2.5 };
const EVALUATIONS = { warmup: 1, repetitions: 3, seconds: 1 };

/** Test images of a timed evaluation: one batch of it. */
const EVALUATION_IMAGES = 500;

export class SpeedMeter {
  private readonly evaluations = new Map<string, number>();

  constructor(private readonly engine: Engine) {}

  /** @throws UserError if the model or the batch size does not fit the data set */
  async measure(run: RunSpec, dataset: Dataset): Promise<MeasuredSpeed> {
    const times = await timeTraining(run, dataset, this.engine, STEPS);
    const { validation } = run.settings.dataset;
    const held = countValidationImages(validation, dataset.train.count);
    const perImage = await this.evaluationSeconds(run, dataset, times);
    return {
      compileSeconds: times.compileMilliseconds / 1000,
      stepSeconds: median(times.steps.map(({ milliseconds }) => milliseconds)) / 1000,
      evaluationSeconds: perImage * (dataset.test.count + held),
    };
  }

  /** Seconds for each image. All methods evaluate a network in the same way, so it is timed once. */
  private async evaluationSeconds(
    { settings }: RunSpec,
    dataset: Dataset,
    { model, parameters }: TrainingTimes,
  ): Promise<number> {
    const key = JSON.stringify([settings.model, settings.dataset]);
    const known = this.evaluations.get(key);
    if (known !== undefined) return known;
    const part = takeFirst(dataset.test, EVALUATION_IMAGES);
    const milliseconds = await timeEvaluation(this.engine, model, part, parameters, EVALUATIONS);
    const seconds = milliseconds / 1000 / part.count;
    this.evaluations.set(key, seconds);
    return seconds;
  }
}

function takeFirst(split: Split, most: number): Split {
  const count = Math.min(most, split.count);
  const imageSize = split.images.length / split.count;
  return {
    ...split,
    count,
    images: split.images.subarray(0, count * imageSize),
    labels: split.labels.subarray(0, count),
  };
}
