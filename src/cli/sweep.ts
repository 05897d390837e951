/** @file td sweep: prunes every trained network at increasing rates, and writes and prints the tables. */

import type { Command } from 'commander';
import { loadTfjs } from '../engines/load-tfjs.ts';
import { UserError } from '../errors.ts';
import { findOtherImages } from '../runner/data-identity.ts';
import { settingsOfEvaluation } from '../runner/trial/decisive.ts';
import type { FinishedRun } from '../runs/find.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import { DEFAULT_DRAWS, viewsOf } from '../sweeps/evaluations.ts';
import {
  DEFAULT_CRITERION_IMAGES,
  planAll,
  planExperiment,
  requirePossible,
  requireTrainingImages,
  type SweepChoice,
  type SweepTask,
} from '../sweeps/plan.ts';
import { describeTargetRates } from '../sweeps/target-rates.ts';
import type { TrainedNetworks } from '../sweeps/trained-networks.ts';
import { readResults } from '../tables/experiment-results.ts';
import { budgetOption, criterionOption, keepOption, readCriterion } from '../terminal/criterion-options.ts';
import { evaluationsOption } from '../terminal/evaluation-options.ts';
import { type ExecutionOptions, executionOptions } from '../terminal/execution-options.ts';
import { loadExperiments } from '../terminal/experiments.ts';
import { type Failure, reportFailures } from '../terminal/failures.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { drawFigures } from '../terminal/figures.ts';
import { lookUpRuns, tellFaults } from '../terminal/found-runs.ts';
import { interruptible, outliveHangUps } from '../terminal/interruption.ts';
import {
  countOption,
  granularityOption,
  jsonOption,
  pruneOption,
  resultsOption,
  variantsOption,
} from '../terminal/options.ts';
import { print, printJson } from '../terminal/output.ts';
import { printLine } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { printSettingWarnings } from '../terminal/setting-warnings.ts';
import { type PlainTable, printSweepTables } from '../terminal/sweep-tables.ts';
import { sweepExperiment } from '../terminal/swept-experiment.ts';

const HELP = `
The range a:b is the paper's grid 0, 0.1 … 0.9, 0.95, 0.98, 0.99 cut to [a, b];
a:b:step goes from a in such steps, up to b. Every prunable layer loses the same
share without retraining: the lowest-ranked entries of each column (weight), or
the lowest-ranked columns (unit). Rates that sweep.csv has for the same
checkpoint are not computed again.

To the rates, however given, come the targeting rates (gamma) of the
experiment's methods, since that is what these trained for; all variants are
pruned at each, so that tables compare them there. A line names them.

--evaluate says how a pruned network is judged; a row of sweep.csv is of one
evaluation, and so is a table. dense: as it is. gamma: the candidates of the
method are removed before it is pruned. stochastic: it goes on dropping as in
training, mean over --draws. paper: what the authors' code did, which differs
by method. Where one is the same as dense, as for methods that drop nothing,
the dense row is the one. --recalibrate makes rows of their own, with batch-norm
averages that fit the pruned network; labels are not looked at.

--criterion ranks by something else than magnitude (or the method's own
importance): taylor, snip and grasp look at the loss on training images;
nm:2:4 keeps 2 of every 4 neighbouring weights. Such rows go to a file of their
own, sweep-<criterion>.csv, with tables beside it. --budget global compares
across layers, --keep-at-least holds a floor under each.

Writes <results>/<experiment>/sweep.csv, table-weight.csv and table-unit.csv,
and figures of them (figure-*.svg and .png), which "td figures" draws again.

Examples:
  td sweep                                     all that is trained
  td sweep configs/mnist-lenet.yaml --prune 0.5,0.9 --granularity weight
  td sweep configs/mnist-lenet.yaml --prune 0.9:0.99:0.01 --only none,l1
  td sweep configs/mnist-lenet.yaml --evaluate dense,gamma,stochastic
  td sweep configs/quick/cifar-resnet.yaml --recalibrate 12800
  td sweep configs/mnist-lenet.yaml --criterion taylor --keep-at-least 0.05`;

export function define(command: Command): void {
  command
    .addOption(variantsOption('only these variants: none,l1'))
    .addOption(pruneOption())
    .addOption(granularityOption())
    .addOption(evaluationsOption())
    .addOption(
      countOption('--draws <n>', `with stochastic: how often noise is drawn (default: ${DEFAULT_DRAWS})`),
    )
    .addOption(countOption('--recalibrate <n>', 'take batch-norm averages anew on n training images'))
    .addOption(criterionOption())
    .addOption(budgetOption())
    .addOption(keepOption())
    .addOption(
      countOption(
        '--criterion-images <n>',
        `training images that a criterion looks at (default: ${DEFAULT_CRITERION_IMAGES})`,
      ),
    )
    .option('--no-figures', 'draw no figures')
    .addOption(jsonOption('print the tables as JSON'))
    .addOption(resultsOption());
  for (const option of executionOptions()) command.addOption(option);
  command
    .addHelpText('after', HELP)
    .action((files, { prune: pruneRates, ...options }) =>
      sweep(files, { ...options, pruneRates, criterion: readCriterion(options) }),
    );
}

export type SweepOptions = SweepChoice &
  ExecutionOptions & {
    readonly figures?: boolean;
    readonly criterionImages?: number;
    readonly json?: boolean;
  };

/**
 * A run that fails is reported and leaves the others alone; the exit code is then 1.
 *
 * @throws UserError before anything is written, if a file or an engine is wrong or nothing is trained
 * @throws InterruptedError once the rows so far are written
 */
export async function sweep(files: readonly string[], options: SweepOptions): Promise<void> {
  const tasks = planTasks(files, options);
  tasks.forEach(requireTrainingImages);
  for (const { experiment, runs, pruneRates, addedRates } of tasks) {
    if (addedRates.length > 0)
      printLine(`${experiment}: also pruned at targeting rates: ${describeTargetRates(addedRates)}`);
    printSettingWarnings(
      runs.map(({ directory, identity: { variant }, summary: { steps, epochs } }) => {
        const { settings } = readRunSettings(directory);
        return { experiment, variant, settings, stepsPerEpoch: steps / epochs, pruneRates };
      }),
    );
  }
  outliveHangUps();
  const networks = await openNetworks(tasks[0]?.runs[0], options);
  const failures: Failure[] = [];
  const tables: PlainTable[] | undefined = options.json ? [] : undefined;
  try {
    for (const task of tasks) {
      const place = { networks, results: options.results };
      failures.push(...(await interruptible((signal) => sweepExperiment(task, { ...place, signal }))));
      failures.push(...(await printSweepTables(task, options.results, tables)));
    }
  } finally {
    networks.dispose();
  }
  if (tables !== undefined) printJson(tables);
  // Figures are of sweep.csv.
  if (options.figures !== false && options.criterion === undefined)
    await drawAll(tasks, options.results, tables === undefined ? print : printLine);
  reportFailures(failures);
}

function planTasks(files: readonly string[], choice: SweepOptions): SweepTask[] {
  const { results } = choice;
  requirePossible(choice);
  if (choice.criterion === undefined && choice.criterionImages !== undefined)
    throw new UserError('--criterion-images is for criteria that look at the loss, expected --criterion with it, such as taylor'); // biome-ignore format: one sentence
  requireResultsFolder(results, 'write');
  if (files.length === 0) return planAll(lookUpRuns(results), choice);
  return loadExperiments(files).map((experiment) =>
    planExperiment(experiment, lookUpRuns(results, [experiment.name]), choice),
  );
}

/** @param run one of those that will be swept: the engine is chosen for its network */
async function openNetworks(run: FinishedRun | undefined, options: SweepOptions): Promise<TrainedNetworks> {
  await loadTfjs();
  const { chooseFastestEngine } = await import('../runner/trial/choose.ts');
  const { TrainedNetworks } = await import('../sweeps/trained-networks.ts');
  const settings = run && readRunSettings(run.directory).settings;
  const { engine } = await chooseFastestEngine(
    options.engine,
    options,
    settings && settingsOfEvaluation(settings),
    printLine,
  );
  return new TrainedNetworks(engine, startFetchStage, options.criterionImages);
}

async function drawAll(
  tasks: readonly SweepTask[],
  results: string,
  tell: (line: string) => void,
): Promise<void> {
  for (const { experiment, datasets, ...asked } of tasks) {
    try {
      const left = readResults(experiment, results);
      const [problem] = await findOtherImages(left.runs, startFetchStage, datasets);
      if (problem === undefined) await drawFigures(left, results, viewsOf(asked), tell);
      else tellFaults([`the figures of ${experiment} are not drawn: ${problem}`]);
    } catch (error) {
      // The tables have told why there is nothing to draw.
      if (!(error instanceof UserError)) throw error;
    }
  }
}
