/** @file td sweep: prunes every trained network at increasing rates, and writes and prints the tables. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Command } from 'commander';
import type { RunSettings } from '../config/schema.ts';
import { loadTfjs } from '../engines/load-tfjs.ts';
import { UserError } from '../errors.ts';
import { formatRate } from '../format.ts';
import { findOtherImages } from '../runner/data-identity.ts';
import type { FinishedRun } from '../runs/find.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import { DEFAULT_DRAWS, listTerms, viewsOf } from '../sweeps/evaluations.ts';
import {
  DEFAULT_CRITERION_IMAGES,
  planAll,
  planExperiment,
  requireTrainingImages,
  type SweepChoice,
  type SweepTask,
} from '../sweeps/plan.ts';
import {
  checkpointId,
  type EvaluationTerms,
  readByNetwork,
  type SweepRow,
  sweepPath,
} from '../sweeps/rows.ts';
import { addSweepRows } from '../sweeps/store.ts';
import { findAllRows, sweepNetwork } from '../sweeps/sweep-network.ts';
import { describeTargetRates } from '../sweeps/target-rates.ts';
import type { TrainedNetworks } from '../sweeps/trained-networks.ts';
import { readResults } from '../tables/experiment-results.ts';
import { budgetOption, criterionOption, keepOption, readCriterion } from '../terminal/criterion-options.ts';
import { loadExperiments } from '../terminal/experiments.ts';
import { describeFailure, type Failure, reportFailures } from '../terminal/failures.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { drawFigures } from '../terminal/figures.ts';
import { lookUpRuns, tellFaults } from '../terminal/found-runs.ts';
import { interruptible, outliveHangUps } from '../terminal/interruption.ts';
import {
  countOption,
  type ExecutionOptions,
  evaluationsOption,
  executionOptions,
  granularityOption,
  jsonOption,
  pruneOption,
  resultsOption,
} from '../terminal/options.ts';
import { print, printJson } from '../terminal/output.ts';
import { printLine, startProgress } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { printSettingWarnings } from '../terminal/setting-warnings.ts';
import { type PlainTable, printSweepTables } from '../terminal/sweep-tables.ts';
import { describeCount, formatDuration, formatPercent } from '../terminal/words.ts';

const HELP = `
The range a:b is the paper's grid 0, 0.1 … 0.9, 0.95, 0.98, 0.99 cut to [a, b];
a:b:step goes from a to b, both included. Every prunable layer loses the same
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
  td sweep configs/mnist-lenet.yaml --prune 0.9:0.99:0.01
  td sweep configs/mnist-lenet.yaml --evaluate dense,gamma,stochastic
  td sweep configs/quick/cifar-resnet.yaml --recalibrate 12800
  td sweep configs/mnist-lenet.yaml --criterion taylor --keep-at-least 0.05`;

export function define(command: Command): void {
  command
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
  const { results, draws, evaluate = [], criterion } = choice;
  if (criterion !== undefined && evaluate.some((asked) => asked !== 'dense'))
    throw new UserError('--criterion ranks networks as they are, expected no --evaluate but dense with it');
  if (criterion?.rate !== undefined && (choice.pruneRates !== undefined || (choice.granularity ?? 'weight') !== 'weight'))
    throw new UserError(`--criterion ${criterion.id} prunes ${formatRate(criterion.rate)} of weights, expected no --prune and no other --granularity with it`); // biome-ignore format: one sentence
  if (criterion === undefined && choice.criterionImages !== undefined)
    throw new UserError('--criterion-images is for criteria that look at the loss, expected --criterion with it, such as taylor'); // biome-ignore format: one sentence
  if (draws !== undefined && !evaluate.some((asked) => asked === 'stochastic' || asked === 'paper'))
    throw new UserError('--draws is for --evaluate stochastic or paper, expected both of them');
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
  const { engine } = await chooseFastestEngine(options.engine, options, settings, printLine);
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

interface Workplace {
  readonly networks: TrainedNetworks;
  readonly results: string;
  readonly signal: AbortSignal;
}

/**
 * Sweeps run after run. The rows of each are written at its end, whether it is swept, fails or is interrupted. Where earlier
 * sweeps have all rows, the network is not opened.
 */
async function sweepExperiment(task: SweepTask, place: Workplace): Promise<Failure[]> {
  const { experiment, runs, variants, damaged } = task;
  const { results, signal } = place;
  const failed: Failure[] = damaged.map(({ id, reason }) => ({
    run: `${experiment}/${id}`,
    reason,
    needsHand: true,
  }));
  const write = (rows: readonly SweepRow[]) =>
    addSweepRows(results, experiment, rows, variants, { signal, onWait: printLine }, task.criterion?.id);
  const path = sweepPath(results, experiment, task.criterion?.id);
  let known: ReadonlyMap<string, readonly SweepRow[]> | undefined;
  let isWritten = false;
  for (const [index, run] of runs.entries()) {
    const { variant, seed } = run.identity;
    const label = `[${index + 1}/${runs.length}] ${experiment} ${variant} seed ${seed}`;
    const swept: SweepRow[] = [];
    try {
      // A Ctrl-C is heard between two turns of the event loop only.
      await nextTurn();
      signal.throwIfAborted();
      known ??= readByNetwork(path);
      const runId = checkpointId(run.id, run.summary.checkpointSha256);
      const { settings } = readRunSettings(run.directory);
      const evaluations = listTerms(settings, task);
      const all = findAllRows(runId, { ...task, evaluations }, known.get(runId) ?? []);
      // A run on the user's own images, or with a plugin, is opened all the same: another may lie in its place, and the user is to know.
      if (all !== undefined && settings.dataset.path === undefined && !hasPlugin(settings)) {
        printLine(`${label}: 0 evaluations in ${formatDuration(0)}, ${all.length} known already`);
        continue;
      }
      // Other processes may have swept some of it meanwhile.
      known = readByNetwork(path);
      const own = { run, task, evaluations, known: known.get(runId) ?? [] };
      await sweepWithProgress(label, own, place, swept).finally(() => write(swept));
      isWritten = true;
    } catch (error) {
      if (signal.aborted && error === signal.reason) throw error;
      const reason = describeFailure(error);
      printLine(`${label}: failed: ${reason}`);
      failed.push({ run: `${experiment}/${run.id}`, reason, needsHand: error instanceof UserError });
    }
  }
  // Rows of runs that were trained again since are dropped, also where nothing is added.
  if (known !== undefined && !isWritten) await write([]);
  return failed;
}

function hasPlugin({ dataset, model, regularizer }: RunSettings): boolean {
  return [dataset, model, regularizer].some((part) => 'plugin' in part && part.plugin !== undefined);
}

/** A run that is swept. */
interface OwnSweep {
  readonly run: FinishedRun;
  readonly task: SweepTask;
  readonly evaluations: readonly EvaluationTerms[];
  /** Its rows of earlier sweeps. */
  readonly known: readonly SweepRow[];
}

/**
 * Sweeps one run behind a bar.
 *
 * @param swept receives the rows as they come
 */
async function sweepWithProgress(
  label: string,
  { run, task, evaluations, known }: OwnSweep,
  { networks, signal }: Workplace,
  swept: SweepRow[],
): Promise<void> {
  const { pruneRates, granularities, datasets, criterion } = task;
  const progress = startProgress(label, evaluations.length * pruneRates.length * granularities.length);
  const began = performance.now();
  let reused = 0;
  try {
    const network = await networks.open(run, datasets, signal);
    const grid = {
      pruneRates,
      granularities,
      evaluations,
      ...(criterion === undefined ? {} : { criterion }),
    };
    for await (const { row, isKnown } of sweepNetwork(network, grid, known)) {
      swept.push(row);
      if (isKnown) reused++;
      const { granularity, pruneRate, accuracy, evaluation } = row;
      const what = evaluation === 'dense' ? granularity : `${evaluation}, ${granularity}`;
      progress.update(swept.length, `${what} ${pruneRate}: accuracy ${formatPercent(accuracy)}`);
    }
  } finally {
    progress.stop();
    const seconds = formatDuration((performance.now() - began) / 1000);
    const computed = describeCount(swept.length - reused, 'evaluation');
    if (swept.length > 0)
      printLine(`${label}: ${computed} in ${seconds}${reused > 0 ? `, ${reused} known already` : ''}`);
  }
}
