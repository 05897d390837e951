/** @file Trains runs one after another, each shown while it trains. */
import type { RunSpec } from '../config/experiment.ts';
import { loadDataset } from '../data/registry.ts';
import type { Dataset } from '../data/types.ts';
import { chooseEngine } from '../engines/registry.ts';
import type { Engine } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { collectEnvironment, type Environment } from '../results/environment.ts';
import type { Summary } from '../results/summary.ts';
import { trainAndRecord } from '../training/record.ts';
import { planTraining } from '../training/trainer.ts';
import { type Failure, wordFailure } from './failures.ts';
import { startFetchStage } from './fetch-progress.ts';
import type { ExecutionOptions } from './options.ts';
import { printLine } from './progress.ts';
import { showTraining } from './training-progress.ts';
import { duration, percent } from './words.ts';

/** What became of a run: a summary or a failure. */
export interface Outcome {
  readonly run: RunSpec;
  readonly summary?: Summary;
  readonly failure?: Failure;
}

/** What all runs of one command share. */
interface Workplace {
  readonly results: string;
  readonly engine: Engine;
  readonly environment: Environment;
  /** The log of each run on standard error, instead of its progress. */
  readonly verbose: boolean;
}

/**
 * Trains what is not trained yet. What goes wrong with one run leaves the others alone.
 *
 * @throws UserError before anything is written, if a data set is missing or damaged, the engine cannot run here, or a
 *   model or batch size does not fit its data set
 */
export async function trainRuns(
  runs: readonly RunSpec[],
  options: ExecutionOptions & { readonly results: string; readonly verbose?: boolean },
): Promise<Outcome[]> {
  const datasets = await loadDatasets(runs);
  const { engine, reason } = await chooseEngine(options.engine, options);
  printLine(`engine ${engine.name} on ${engine.device} (${reason})`);
  const { threads } = options;
  const environment = collectEnvironment({
    engine: engine.name,
    device: engine.device,
    ...(threads === undefined ? {} : { threads }),
  });
  const workplace = { results: options.results, engine, environment, verbose: options.verbose ?? false };
  const outcomes: Outcome[] = [];
  for (const [index, run] of runs.entries()) {
    const label = `[${index + 1}/${runs.length}] ${run.variant} seed ${run.seed}`;
    outcomes.push(await trainOne(run, label, datasets[index] as Dataset, workplace));
  }
  return outcomes;
}

/** The data set of each run, loaded once if several share it, and found to fit. */
async function loadDatasets(runs: readonly RunSpec[]): Promise<Dataset[]> {
  const loaded = new Map<string, Promise<Dataset>>();
  const datasets: Dataset[] = [];
  for (const { settings, variant } of runs) {
    const key = JSON.stringify(settings.dataset);
    const loading = loaded.get(key) ?? loadDataset(settings.dataset, startFetchStage);
    loaded.set(key, loading);
    const dataset = await loading;
    requireFit(() => planTraining(settings, dataset), variant);
    datasets.push(dataset);
  }
  return datasets;
}

function requireFit(plan: () => unknown, variant: string): void {
  try {
    plan();
  } catch (error) {
    throw error instanceof UserError ? new UserError(`variant "${variant}": ${error.message}`) : error;
  }
}

async function trainOne(
  run: RunSpec,
  label: string,
  dataset: Dataset,
  { results, engine, environment, verbose }: Workplace,
): Promise<Outcome> {
  const shown = showTraining(label, run);
  try {
    const { summary, wasDone } = await trainAndRecord({
      resultsDirectory: results,
      run,
      dataset,
      engine,
      environment,
      ...(verbose ? { echoLog: true } : shown.hooks),
    });
    shown.stop();
    const outcome = wasDone ? 'already trained' : `trained in ${duration(summary.trainSeconds)}`;
    printLine(`${label}: ${outcome}, test accuracy ${percent(summary.testAccuracy)}`);
    return { run, summary };
  } catch (error) {
    shown.stop();
    const reason = wordFailure(error);
    printLine(`${label}: failed: ${reason}`);
    return { run, failure: { run: `${run.experiment}/${run.id}`, reason } };
  }
}
