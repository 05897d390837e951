/** @file td bench: times a training step and an evaluation as they run in earnest, feeds included. */
import { expandRuns, type RunSpec } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import { loadDataset } from '../data/load.ts';
import type { Engine } from '../engines/types.ts';
import { median, timeEvaluation, timeTraining } from '../runner/timing.ts';
import { chooseFastestEngine } from '../runner/trial/choose.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import type { ExecutionOptions } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { printLine } from '../terminal/progress.ts';
import { grouped } from '../terminal/words.ts';

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

/** Passes over the test images. */
const EVALUATIONS = { warmup: 1, repetitions: 3 };

/** @throws UserError if a file, a flag or a data set is wrong */
export async function bench(file: string, options: BenchOptions): Promise<void> {
  const set =
    options.batch === undefined
      ? options.set
      : [...(options.set ?? []), `schedule.batchSize=${options.batch}`];
  const experiment = loadExperiment(file, { set, only: options.only });
  const runs = expandRuns(experiment, { seeds: [0] });
  const { engine } = await chooseFastestEngine(options.engine, options, runs[0]?.settings, printLine);
  const timings: Timing[] = [];
  for (const run of options.only === undefined ? runs.slice(0, 1) : runs)
    timings.push(await timeRun(run, engine, options.steps));
  if (options.json) printJson(timings);
  else printTimings(timings);
}

async function timeRun(run: RunSpec, engine: Engine, steps: number): Promise<Timing> {
  const dataset = await loadDataset(run.settings.dataset, startFetchStage);
  const { batchSize } = run.settings.schedule;
  const limits = { warmup: Math.ceil(steps / 10), repetitions: steps };
  const training = await timeTraining(run, dataset, engine, limits);
  const { model, parameters } = training;
  const evaluation = await timeEvaluation(engine, model, dataset.test, parameters, EVALUATIONS);
  const stepMilliseconds = median(training.steps.map(({ step }) => step));
  return {
    variant: run.variant,
    engine: engine.name,
    device: engine.device,
    batchSize,
    steps,
    compileMilliseconds: training.compileMilliseconds,
    stepMilliseconds,
    fastestStepMilliseconds: Math.min(...training.steps.map(({ step }) => step)),
    feedMilliseconds: median(training.steps.map(({ feed }) => feed)),
    trainingImagesPerSecond: (1000 * batchSize) / stepMilliseconds,
    evaluationImagesPerSecond: (1000 * dataset.test.count) / evaluation,
  };
}

function printTimings(timings: readonly Timing[]): void {
  const [first] = timings;
  if (first === undefined) return;
  print(
    `engine ${first.engine} on ${first.device}, batch ${first.batchSize}, medians of ${first.steps} steps\n`,
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
