/** @file td bench: times a training step and an evaluation as they run in a training, feeds included. */

import type { Command } from 'commander';
import { expandRuns } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import { loadTfjs } from '../engines/load-tfjs.ts';
import type { Benchmark } from '../runner/benchmark.ts';
import { decisiveSettings } from '../runner/trial/decisive.ts';
import { type ExecutionOptions, executionOptions } from '../terminal/execution-options.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { countOption, jsonOption, settingOption, variantsOption } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { printLine } from '../terminal/progress.ts';
import { formatInteger } from '../terminal/words.ts';

const HELP = `
Times are medians over the timed steps, batches and noise included; a tenth as
many steps go before them as a warm-up. Nothing is written.

Example:
  td bench configs/mnist-lenet.yaml --only none,targeted-weight --batch 128`;

export function define(command: Command): void {
  command
    .addOption(variantsOption('variants to time: none,l1 (default: the first)'))
    .addOption(countOption('--batch <n>', "batch size (default: the experiment's)"))
    .addOption(countOption('--steps <n>', 'timed steps').default(50))
    .addOption(settingOption())
    .addOption(jsonOption());
  for (const option of executionOptions()) command.addOption(option);
  command.addHelpText('after', HELP).action(bench);
}

export interface BenchOptions extends ExecutionOptions {
  readonly only?: readonly string[];
  readonly set?: readonly string[];
  readonly batch?: number;
  readonly steps: number;
  readonly json?: boolean;
}

/** @throws UserError if a file, a flag or a data set is wrong */
export async function bench(file: string, options: BenchOptions): Promise<void> {
  const set =
    options.batch === undefined
      ? options.set
      : [...(options.set ?? []), `schedule.batchSize=${options.batch}`];
  const experiment = loadExperiment(file, { set, only: options.only });
  const runs = expandRuns(experiment, { seeds: [0], only: options.only });
  await loadTfjs();
  const { loadDataset } = await import('../data/load.ts');
  const { benchmarkRun } = await import('../runner/benchmark.ts');
  const { chooseFastestEngine } = await import('../runner/trial/choose.ts');
  const timed = options.only === undefined ? runs.slice(0, 1) : runs;
  const { engine } = await chooseFastestEngine(options.engine, options, decisiveSettings(timed), printLine);
  const benchmarks: Benchmark[] = [];
  for (const run of timed) {
    const dataset = await loadDataset(run.settings.dataset, startFetchStage);
    benchmarks.push(await benchmarkRun(run, dataset, engine, options.steps));
  }
  if (options.json) printJson(benchmarks);
  else printBenchmarks(benchmarks);
}

function printBenchmarks(benchmarks: readonly Benchmark[]): void {
  const [first] = benchmarks;
  if (first === undefined) return;
  print(
    `engine ${first.engine} on ${first.device}, batch ${first.batchSize}, medians of ${first.steps} steps\n`,
  );
  const milliseconds = (number: number) => `${number.toFixed(number < 10 ? 2 : 1)} ms`;
  const rows = benchmarks.map((benchmark) => [
    benchmark.variant,
    milliseconds(benchmark.stepMilliseconds),
    milliseconds(benchmark.fastestStepMilliseconds),
    milliseconds(benchmark.feedMilliseconds),
    (1000 / benchmark.stepMilliseconds).toFixed(1),
    formatInteger(benchmark.trainingImagesPerSecond),
    formatInteger(benchmark.evaluationImagesPerSecond),
    milliseconds(benchmark.compileMilliseconds),
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
