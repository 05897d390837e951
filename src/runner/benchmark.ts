/** @file How fast a run trains and evaluates: what td bench shows. */
import type { RunSpec } from '../config/experiment.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { median } from '../median.ts';
import { timeEvaluation, timeTraining } from './timing.ts';

/** Times are milliseconds, medians over the timed steps unless they say otherwise. */
export interface Benchmark {
  readonly variant: string;
  readonly engine: string;
  readonly device: string;
  readonly batchSize: number;
  readonly steps: number;
  readonly compileMilliseconds: number;
  readonly stepMilliseconds: number;
  readonly fastestStepMilliseconds: number;
  /** What a long training takes for each step: above the median where the machine is now and then busy. */
  readonly meanStepMilliseconds: number;
  /** Of the median step, filling its batch and noise. */
  readonly feedMilliseconds: number;
  readonly trainingImagesPerSecond: number;
  readonly evaluationImagesPerSecond: number;
}

/** Passes over the test images. */
const EVALUATIONS = { warmup: 1, repetitions: 3 };

/** @param steps that are timed; a tenth as many go before them as a warm-up */
export async function benchmarkRun(
  run: RunSpec,
  dataset: Dataset,
  engine: Engine,
  steps: number,
): Promise<Benchmark> {
  const { batchSize } = run.settings.schedule;
  const limits = { warmup: Math.ceil(steps / 10), repetitions: steps };
  const training = await timeTraining(run, dataset, engine, limits);
  const { model, parameters } = training;
  const evaluation = await timeEvaluation(engine, model, dataset.test, parameters, EVALUATIONS);
  const times = training.steps.map(({ milliseconds }) => milliseconds);
  const stepMilliseconds = median(times);
  return {
    variant: run.variant,
    engine: engine.name,
    device: engine.device,
    batchSize,
    steps,
    compileMilliseconds: training.compileMilliseconds,
    stepMilliseconds,
    fastestStepMilliseconds: Math.min(...times),
    meanStepMilliseconds: times.reduce((sum, time) => sum + time, 0) / times.length,
    feedMilliseconds: median(training.steps.map(({ feedMilliseconds }) => feedMilliseconds)),
    trainingImagesPerSecond: (1000 * batchSize) / stepMilliseconds,
    evaluationImagesPerSecond: (1000 * dataset.test.count) / evaluation,
  };
}
