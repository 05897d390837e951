/** @file td run: trains the runs of experiments that are not done yet. */
import { type Experiment, expandRuns, type RunSpec } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import { printSettings } from '../config/print.ts';
import { loadDataset } from '../data/registry.ts';
import type { Dataset } from '../data/types.ts';
import { type ChosenEngine, chooseEngine } from '../engines/registry.ts';
import { UserError } from '../errors.ts';
import { collectEnvironment } from '../results/environment.ts';
import { runDirectory, runState } from '../results/run-directory.ts';
import { readSummary, type Summary } from '../results/summary.ts';
import { trainAndRecord } from '../training/record.ts';
import { DivergedError } from '../training/trainer.ts';
import { printLine } from './progress.ts';
import { showTraining } from './training-progress.ts';
import { columns, counted, duration, percent } from './words.ts';

export interface RunOptions {
  readonly only?: readonly string[];
  readonly seeds?: readonly number[];
  readonly set?: readonly string[];
  readonly dryRun?: boolean;
  readonly printConfig?: boolean;
  readonly results: string;
  readonly engine: string;
  readonly threads?: number;
}

interface Failure {
  readonly run: RunSpec;
  readonly reason: string;
}

/** @throws UserError before anything is written, if a file, a flag or a data set is wrong */
export async function run(files: readonly string[], options: RunOptions): Promise<void> {
  const experiments = files.map((file) => loadExperiment(file, options));
  if (options.printConfig) {
    process.stdout.write(experiments.map((experiment) => printSettings(experiment)).join('---\n'));
    return;
  }
  const runs = experiments.flatMap((experiment) => expandRuns(experiment));
  if (options.dryRun) {
    printPlan(runs, options.results);
    return;
  }
  const datasets = await loadDatasets(runs);
  const chosen = await chooseEngine(options.engine, threadsOf(options));
  printLine(`engine ${chosen.engine.name} on ${chosen.engine.device} (${chosen.reason})`);
  const failures: Failure[] = [];
  for (const [index, spec] of runs.entries()) {
    const position = `[${index + 1}/${runs.length}]`;
    const failure = await trainOne(spec, position, datasets, chosen, options);
    if (failure !== undefined) failures.push(failure);
  }
  printResults(runs, options.results);
  printNext(experiments, files, failures);
}

function threadsOf({ threads }: { readonly threads?: number }): { threads?: number } {
  return threads === undefined ? {} : { threads };
}

/** Loads each data set once, before any run begins, so that a missing one stops nothing halfway. */
async function loadDatasets(runs: readonly RunSpec[]): Promise<ReadonlyMap<string, Dataset>> {
  const datasets = new Map<string, Dataset>();
  for (const { settings } of runs) {
    const key = JSON.stringify(settings.dataset);
    if (!datasets.has(key)) datasets.set(key, await loadDataset(settings.dataset));
  }
  return datasets;
}

/** Trains one run; what goes wrong with it is reported and leaves the others alone. */
async function trainOne(
  spec: RunSpec,
  position: string,
  datasets: ReadonlyMap<string, Dataset>,
  { engine }: ChosenEngine,
  options: RunOptions,
): Promise<Failure | undefined> {
  const label = `${position} ${spec.variant} seed ${spec.seed}`;
  const dataset = datasets.get(JSON.stringify(spec.settings.dataset));
  if (dataset === undefined) throw new Error(`no data set was loaded for ${spec.id}`);
  const shown = showTraining(label, spec);
  const execution = { engine: engine.name, device: engine.device, ...threadsOf(options) };
  try {
    const { summary, wasDone } = await trainAndRecord({
      resultsDirectory: options.results,
      run: spec,
      dataset,
      engine,
      environment: collectEnvironment(execution),
      ...shown.hooks,
    });
    shown.stop();
    const outcome = wasDone ? 'already trained' : `trained in ${duration(summary.trainSeconds)}`;
    printLine(`${label}: ${outcome}, test accuracy ${percent(summary.testAccuracy)}`);
    return undefined;
  } catch (error) {
    shown.stop();
    if (error instanceof UserError) throw error;
    const reason = error instanceof DivergedError ? error.message : String((error as Error).stack ?? error);
    printLine(`${label}: failed: ${reason}`);
    return { run: spec, reason };
  }
}

function printPlan(runs: readonly RunSpec[], results: string): void {
  const rows = runs.map((spec) => {
    const { epochs } = spec.settings.schedule;
    return [
      spec.experiment,
      spec.variant,
      String(spec.seed),
      runState(runDirectory(results, spec)),
      String(epochs),
      spec.id,
    ];
  });
  process.stdout.write(`${columns(['experiment', 'variant', 'seed', 'state', 'epochs', 'run'], rows)}\n`);
}

function printResults(runs: readonly RunSpec[], results: string): void {
  const rows = runs.map((spec) => {
    const summary: Summary | undefined = readSummary(runDirectory(results, spec));
    return summary === undefined
      ? [spec.experiment, spec.variant, String(spec.seed), 'failed', '', '']
      : [
          spec.experiment,
          spec.variant,
          String(spec.seed),
          percent(summary.testAccuracy),
          duration(summary.trainSeconds),
          runDirectory(results, spec),
        ];
  });
  process.stdout.write(
    `${columns(['experiment', 'variant', 'seed', 'test accuracy', 'time', 'folder'], rows)}\n`,
  );
}

function printNext(
  experiments: readonly Experiment[],
  files: readonly string[],
  failures: readonly Failure[],
): void {
  if (failures.length > 0) {
    printLine(
      `${counted(failures.length, 'run')} failed; the same command tries ${failures.length === 1 ? 'it' : 'them'} again:`,
    );
    for (const { run: spec, reason } of failures)
      printLine(`  ${spec.experiment} ${spec.id}: ${reason.split('\n')[0]}`);
    process.exitCode = 1;
    return;
  }
  const [{ sweep } = { sweep: { prune: '0:0.99' } }] = experiments;
  printLine(`next: td sweep ${files.join(' ')} --prune ${sweep.prune}`);
}
