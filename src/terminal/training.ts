/** @file Trains runs in front of the user: loads the images, chooses the engine, and shows each run while it trains. */
import type { RunSpec } from '../config/experiment.ts';
import { loadDataset } from '../data/load.ts';
import type { Dataset } from '../data/types.ts';
import { requirePrecision } from '../engines/precision.ts';
import { loadDatasets } from '../runner/datasets.ts';
import { trainRuns } from '../runner/train-runs.ts';
import { chooseFastestEngine } from '../runner/trial/choose.ts';
import { decisiveSettings, untrained } from '../runner/trial/decisive.ts';
import { collectEnvironment } from '../runs/environment.ts';
import type { ExecutionOptions } from './execution-options.ts';
import { startFetchStage } from './fetch-progress.ts';
import { interruptible, listHangUps } from './interruption.ts';
import { openLogEcho } from './log-echo.ts';
import { printLine } from './progress.ts';
import { tryResultsFolder } from './results-folder.ts';
import { type Outcome, ShownRuns } from './shown-runs.ts';
import { listLosses } from './streams.ts';

export interface TrainingOptions extends ExecutionOptions {
  readonly results: string;
  readonly verbose?: boolean;
  readonly checkpointMinutes?: number;
  readonly tensorboard?: boolean;
  /** What to do with runs that other processes train; `skip` if absent. */
  readonly whenBusy?: string;
}

/** What befell the command so far, for the log of each run. */
const REMARKS: Iterable<string> = {
  *[Symbol.iterator]() {
    yield* listLosses();
    yield* listHangUps();
  },
};

/**
 * Trains what is not trained yet. What goes wrong with one run leaves the others alone.
 *
 * @throws UserError before anything is written, if a data set is missing or damaged, the engine cannot run here, or a
 *   model or batch size does not fit its data set
 * @throws InterruptedError once the run under way is saved
 */
export async function trainShown(runs: readonly RunSpec[], options: TrainingOptions): Promise<Outcome[]> {
  const datasets = await loadDatasets(runs, (settings) => loadDataset(settings, startFetchStage));
  const left = untrained(runs, options.results);
  const { engine, reason } = await chooseFastestEngine(
    options.engine,
    options,
    decisiveSettings(left),
    printLine,
  );
  for (const { settings } of left) requirePrecision(engine, settings.precision);
  tryResultsFolder(options.results);
  printLine(`engine ${engine.name} on ${engine.device} (${reason})`);
  const { threads } = options;
  const environment = collectEnvironment({
    engine: engine.name,
    device: engine.device,
    ...(engine.facts === undefined ? {} : { engineFacts: engine.facts }),
    ...(threads === undefined ? {} : { threads }),
  });
  const tasks = runs.map((run, index) => ({ run, dataset: datasets[index] as Dataset, number: index + 1 }));
  const waitsForOthers = options.whenBusy === 'wait';
  const shown = new ShownRuns(tasks.length, { isQuiet: options.verbose ?? false, waitsForOthers });
  await interruptible(async (signal) => {
    const events = trainRuns(tasks, {
      resultsDirectory: options.results,
      engine,
      environment,
      signal,
      waitsForOthers,
      checkpointMinutes: options.checkpointMinutes,
      writesEvents: options.tensorboard,
      echoLog: options.verbose ? openLogEcho() : undefined,
      remarks: REMARKS,
    });
    for await (const event of events) shown.show(event);
  });
  return tasks.flatMap((task) => shown.outcomes.get(task) ?? []);
}
