/** @file td run: trains the runs of experiments that are not done yet. */
import { type Experiment, expandRuns, type RunSpec } from '../config/experiment.ts';
import { readExperimentFile } from '../config/files.ts';
import { renderSettings } from '../config/render.ts';
import { loadTfjs } from '../engines/load-tfjs.ts';
import { EXIT_IN_OTHER_HANDS, UserError } from '../errors.ts';
import { describeCommand } from '../next-command.ts';
import { adoptRuns } from '../runner/adopted-runs.ts';
import { identifyImages } from '../runner/data-identity.ts';
import type { Outcome, TrainOptions } from '../runner/train-runs.ts';
import { runDirectory } from '../runs/directory.ts';
import { loadExperiments, requireResultsFolder, requireRunFolders } from '../terminal/experiments.ts';
import { reportFailures } from '../terminal/failures.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { outliveHangUps } from '../terminal/interruption.ts';
import { print, printTable } from '../terminal/output.ts';
import { printLine } from '../terminal/progress.ts';
import { allowLoss } from '../terminal/streams.ts';
import { counted, duration, percent } from '../terminal/words.ts';

export interface RunOptions extends TrainOptions {
  readonly only?: readonly string[];
  readonly seeds?: readonly number[];
  readonly set?: readonly string[];
  readonly dryRun?: boolean;
  readonly measure?: boolean;
  readonly printConfig?: boolean;
}

/**
 * A run that fails is reported and leaves the others alone; the exit code is then 1. Runs that other processes train are
 * skipped or waited for; if they are all that is left, the exit code is 75.
 *
 * @throws UserError before anything is written, if a file, a flag, a data set or the results folder is wrong
 */
export async function run(files: readonly string[], options: RunOptions): Promise<void> {
  const experiments = loadExperiments(files, options);
  if (options.printConfig) {
    const printed = experiments.map((experiment) =>
      renderSettings(experiment, readExperimentFile(experiment.path, 'as written')),
    );
    print(printed.join('---\n').trimEnd());
    return;
  }
  if (options.measure === false && !options.dryRun)
    throw new UserError('--no-measure is given without --dry-run, expected both');
  requireResultsFolder(options.results, 'write');
  const runs = await identifyRuns(experiments, options.results);
  requireRunFolders(runs, options.results);
  if (options.dryRun) {
    await loadTfjs();
    const { printPlan } = await import('../runner/plan.ts');
    await printPlan(runs, options);
    return;
  }
  outliveHangUps();
  // What computes takes a second to load; a mistake above is answered at once.
  await loadTfjs();
  const { trainRuns } = await import('../runner/train-runs.ts');
  const outcomes = await trainRuns(runs, options);
  allowLoss();
  printOutcomes(outcomes, options.results);
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  // A run under another name is not found by its file.
  const isRenamed = options.set?.some((setting) => setting.startsWith('name=')) ?? false;
  const next = describeCommand('sweep', isRenamed ? [] : files, options.results);
  const elsewhere = outcomes.filter(({ owner }) => owner !== undefined).length;
  const isTrained = outcomes.some(({ summary, wasDone }) => summary !== undefined && !wasDone);
  if (elsewhere > 0) {
    if (!isTrained) process.exitCode = EXIT_IN_OTHER_HANDS;
    const them = elsewhere === 1 ? 'it' : 'them';
    printLine(
      `${counted(elsewhere, 'run')} skipped, which other processes train; --when-busy wait waits for ${them}`,
    );
  } else if (failures.length === 0) printLine(`next: ${next}`);
  reportFailures(failures);
}

/** The runs of experiments, their images identified; those that an earlier version trained are taken as they are. */
async function identifyRuns(experiments: readonly Experiment[], results: string): Promise<RunSpec[]> {
  const runs: RunSpec[] = [];
  for (const experiment of experiments)
    runs.push(...expandRuns(await identifyImages(experiment, startFetchStage)));
  return adoptRuns(runs, results);
}

function printOutcomes(outcomes: readonly Outcome[], results: string): void {
  const rows = outcomes.map(({ run: spec, summary, failure }) => [
    ...namesOf(spec),
    summary === undefined ? wordState(failure) : percent(summary.testAccuracy),
    summary === undefined ? '' : duration(summary.trainSeconds),
    runDirectory(results, spec),
  ]);
  printTable(['experiment', 'variant', 'seed', 'test accuracy', 'time', 'folder'], rows);
}

function wordState(failure: Outcome['failure']): string {
  return failure === undefined ? 'under way' : 'failed';
}

function namesOf({ experiment, variant, seed }: RunSpec): string[] {
  return [experiment, variant, String(seed)];
}
