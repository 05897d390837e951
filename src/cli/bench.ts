/** @file td bench: times a training step and an evaluation as they run in earnest, feeds included. */
import { expandRuns, type RunSpec } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import { epochOrder } from '../data/batches.ts';
import { loadDataset } from '../data/registry.ts';
import type { Dataset } from '../data/types.ts';
import { chooseEngine } from '../engines/registry.ts';
import type { Engine, NamedArrays } from '../engines/types.ts';
import type { Model } from '../models/types.ts';
import { evaluationParameters } from '../regularizers/host-weights.ts';
import { Evaluator } from '../training/evaluator.ts';
import { TrainingFeeds } from '../training/feeds.ts';
import { initialState } from '../training/initial-state.ts';
import { buildTrainingStep } from '../training/step.ts';
import { planTraining } from '../training/trainer.ts';
import { startFetchStage } from './fetch-progress.ts';
import type { ExecutionOptions } from './options.ts';
import { printJson, printTable } from './output.ts';
import { grouped } from './words.ts';

export interface BenchOptions extends ExecutionOptions {
  readonly only?: readonly string[];
  readonly set?: readonly string[];
  readonly batch?: number;
  readonly steps: number;
  readonly json?: boolean;
}

/** Times are milliseconds, medians over the timed steps unless they say otherwise. */
interface Timing {
  readonly variant: string;
  readonly engine: string;
  readonly device: string;
  readonly batchSize: number;
  readonly steps: number;
  readonly compileMilliseconds: number;
  readonly stepMilliseconds: number;
  readonly fastestStepMilliseconds: number;
  /** Of the median step, filling its batch and noise. */
  readonly feedMilliseconds: number;
  readonly trainingImagesPerSecond: number;
  readonly evaluationImagesPerSecond: number;
}

/** @throws UserError if a file, a flag or a data set is wrong */
export async function bench(file: string, options: BenchOptions): Promise<void> {
  const set =
    options.batch === undefined
      ? options.set
      : [...(options.set ?? []), `schedule.batchSize=${options.batch}`];
  const experiment = loadExperiment(file, { set, only: options.only });
  const runs = expandRuns(experiment, { seeds: [0] });
  const { engine } = await chooseEngine(options.engine, options);
  const timings: Timing[] = [];
  for (const run of options.only === undefined ? runs.slice(0, 1) : runs)
    timings.push(await timeRun(run, engine, options.steps));
  if (options.json) printJson(timings);
  else printTimings(timings);
}

async function timeRun(run: RunSpec, engine: Engine, steps: number): Promise<Timing> {
  const dataset = await loadDataset(run.settings.dataset, startFetchStage);
  const { setup, stepsPerEpoch } = planTraining(run.settings, dataset);
  const { batchSize } = run.settings.schedule;
  const compiled = buildTrainingStep(setup);
  const compiling = performance.now();
  const program = await engine.compile(compiled.step, compiled.signature);
  const compileMilliseconds = performance.now() - compiling;
  await program.writeState(initialState(setup, compiled.signature, run.seed));
  const feeds = new TrainingFeeds(setup, compiled, dataset.train, stepsPerEpoch, run.seed);
  const order = epochOrder(run.seed, 0, dataset.train.count);
  const warmup = Math.ceil(steps / 10);
  const times: { step: number; feed: number }[] = [];
  for (let step = 0; step < warmup + steps; step++) {
    const began = performance.now();
    const filled = feeds.fill(step, order, (step % stepsPerEpoch) * batchSize);
    const feed = performance.now() - began;
    await program.run(filled);
    if (step >= warmup) times.push({ step: performance.now() - began, feed });
  }
  const parameters = evaluationParameters(setup.model, setup.regularizer, await program.readState());
  program.dispose();
  const stepMilliseconds = median(times.map(({ step }) => step));
  return {
    variant: run.variant,
    engine: engine.name,
    device: engine.device,
    batchSize,
    steps,
    compileMilliseconds,
    stepMilliseconds,
    fastestStepMilliseconds: Math.min(...times.map(({ step }) => step)),
    feedMilliseconds: median(times.map(({ feed }) => feed)),
    trainingImagesPerSecond: (1000 * batchSize) / stepMilliseconds,
    evaluationImagesPerSecond: await timeEvaluation(engine, setup.model, dataset, parameters),
  };
}

/** Median of three passes over the test images, after one for warm-up. */
async function timeEvaluation(
  engine: Engine,
  model: Model,
  dataset: Dataset,
  parameters: NamedArrays,
): Promise<number> {
  const evaluator = await Evaluator.create(engine, model, dataset.test);
  const seconds: number[] = [];
  for (let pass = 0; pass < 4; pass++) {
    const began = performance.now();
    await evaluator.evaluate(parameters);
    if (pass > 0) seconds.push((performance.now() - began) / 1000);
  }
  evaluator.dispose();
  return dataset.test.count / median(seconds);
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

function printTimings(timings: readonly Timing[]): void {
  const [first] = timings;
  if (first === undefined) return;
  process.stdout.write(
    `engine ${first.engine} on ${first.device}, batch ${first.batchSize}, medians of ${first.steps} steps\n\n`,
  );
  const milliseconds = (number: number) => `${number.toFixed(number < 10 ? 2 : 1)} ms`;
  const rows = timings.map((timing) => [
    timing.variant,
    milliseconds(timing.stepMilliseconds),
    milliseconds(timing.fastestStepMilliseconds),
    milliseconds(timing.feedMilliseconds),
    (1000 / timing.stepMilliseconds).toFixed(1),
    grouped(timing.trainingImagesPerSecond),
    grouped(timing.evaluationImagesPerSecond),
    milliseconds(timing.compileMilliseconds),
  ]);
  const header = [
    'variant',
    'step',
    'fastest',
    'of it feeds',
    'steps/s',
    'training images/s',
    'evaluation images/s',
    'compile',
  ];
  printTable(header, rows);
}
