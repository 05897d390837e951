/** @file td sweep: prunes every trained network at increasing rates, and writes and prints the tables. */
import { loadExperiment } from '../config/load.ts';
import { parsePruneRates } from '../config/prune-rates.ts';
import { chooseEngine } from '../engines/registry.ts';
import { UserError } from '../errors.ts';
import type { Granularity } from '../regularizers/types.ts';
import { compareVariants, comparisonPath, writeComparison } from '../results/comparison.ts';
import { type FinishedRun, findRuns } from '../results/find-runs.ts';
import { formatTable } from '../results/format-table.ts';
import {
  checkpointId,
  mergeSweep,
  readSweep,
  type SweepRow,
  sweepPath,
  writeSweep,
} from '../results/sweep-table.ts';
import { printLine, startProgress } from './progress.ts';
import { RunSweeper } from './run-sweeper.ts';
import { counted, duration, percent } from './words.ts';

const DEFAULT_RATES = '0:0.99';

export interface SweepCommandOptions {
  readonly prune?: string;
  readonly granularity?: 'weight' | 'unit' | 'both';
  readonly results: string;
  readonly engine: string;
  readonly threads?: number;
}

/** What is asked of one experiment. */
interface Task {
  readonly experiment: string;
  /** Names in the order of the file; empty if no file was named. */
  readonly variants: readonly string[];
  readonly rates: readonly number[];
  readonly granularities: readonly Granularity[];
  readonly runs: readonly FinishedRun[];
}

/** @throws UserError before anything is written, if a range, a file or an engine is wrong or nothing is trained */
export async function sweep(files: readonly string[], options: SweepCommandOptions): Promise<void> {
  // A malformed range is refused before anything is looked up.
  if (options.prune !== undefined) ratesOf(options.prune);
  const tasks = files.length > 0 ? tasksOfFiles(files, options) : tasksOfResults(options);
  const { engine } = await chooseEngine(
    options.engine,
    options.threads === undefined ? {} : { threads: options.threads },
  );
  const sweeper = new RunSweeper(engine);
  try {
    for (const task of tasks) {
      const rows = await sweepExperiment(task, sweeper, options.results);
      printTables(task, rows, options.results);
    }
  } finally {
    sweeper.dispose();
  }
}

function tasksOfFiles(files: readonly string[], options: SweepCommandOptions): Task[] {
  return files.map((file) => {
    const { name, variants, sweep: settings } = loadExperiment(file);
    const runs = finishedRuns(options.results, [name]);
    if (runs.length === 0) {
      throw new UserError(
        `no run of experiment "${name}" is trained in ${options.results}; train with: td run ${file}`,
      );
    }
    return {
      experiment: name,
      variants: variants.map((variant) => variant.name),
      rates: ratesOf(options.prune ?? settings.prune),
      granularities: granularitiesOf(options.granularity ?? settings.granularity),
      runs,
    };
  });
}

function tasksOfResults(options: SweepCommandOptions): Task[] {
  const rates = ratesOf(options.prune ?? DEFAULT_RATES);
  const runs = finishedRuns(options.results);
  if (runs.length === 0)
    throw new UserError(`nothing is trained in ${options.results}; train with: td run <experiment.yaml>`);
  const names = [...new Set(runs.map(({ identity }) => identity.experiment))];
  return names.map((experiment) => ({
    experiment,
    variants: [],
    rates,
    granularities: granularitiesOf(options.granularity ?? 'both'),
    runs: runs.filter(({ identity }) => identity.experiment === experiment),
  }));
}

function finishedRuns(results: string, experiments?: readonly string[]): FinishedRun[] {
  return findRuns(results, experiments).filter((run) => run.state === 'done');
}

function ratesOf(text: string): number[] {
  try {
    return parsePruneRates(text);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`--prune: ${error.message}`) : error;
  }
}

function granularitiesOf(choice: 'weight' | 'unit' | 'both'): Granularity[] {
  return choice === 'both' ? ['weight', 'unit'] : [choice];
}

/** Sweeps run after run; the table is written after each, so that an interruption loses one run at most. */
async function sweepExperiment(task: Task, sweeper: RunSweeper, results: string): Promise<SweepRow[]> {
  const path = sweepPath(results, task.experiment);
  const alive = new Set(task.runs.map(({ id, summary }) => checkpointId(id, summary.checkpointSha256)));
  let rows = readSweep(path);
  for (const [index, run] of task.runs.entries()) {
    const label = `[${index + 1}/${task.runs.length}] ${task.experiment} ${run.identity.variant} seed ${run.identity.seed}`;
    const swept = await sweepShown(label, run, task, rows, sweeper);
    rows = mergeSweep(rows, swept, alive);
    writeSweep(path, rows, task.variants);
  }
  return rows;
}

/** Sweeps one run behind a bar. */
async function sweepShown(
  label: string,
  run: FinishedRun,
  { rates, granularities }: Task,
  known: readonly SweepRow[],
  sweeper: RunSweeper,
): Promise<SweepRow[]> {
  const total = rates.length * granularities.length;
  const progress = startProgress(label, total);
  const began = performance.now();
  let [done, reused] = [0, 0];
  try {
    return await sweeper.sweep(run, {
      rates,
      granularities,
      known,
      onResult({ granularity, pruneRate, accuracy }, wasKnown) {
        done++;
        if (wasKnown) reused++;
        progress.update(done, `${granularity} ${pruneRate}: accuracy ${percent(accuracy)}`);
      },
    });
  } finally {
    progress.stop();
    const known = reused > 0 ? `, ${reused} of them known already` : '';
    printLine(
      `${label}: ${counted(done, 'evaluation')} in ${duration((performance.now() - began) / 1000)}${known}`,
    );
  }
}

function printTables(
  { experiment, variants, granularities, rates }: Task,
  rows: readonly SweepRow[],
  results: string,
): void {
  printLine('');
  const paths = [sweepPath(results, experiment)];
  for (const granularity of granularities) {
    const comparison = compareVariants(rows, granularity, variants);
    const path = comparisonPath(results, experiment, granularity);
    writeComparison(path, comparison);
    paths.push(path);
    const asked = { ...comparison, ...onlyRates(comparison, rates) };
    const bold = process.stdout.isTTY === true && !process.env.NO_COLOR;
    const width = process.stdout.isTTY ? process.stdout.columns : 120;
    process.stdout.write(`${experiment}: ${formatTable(asked, { width, bold })}\n\n`);
  }
  process.stdout.write(`written: ${paths.join(', ')}\n`);
}

/** The rows of a comparison that were asked for now; the files hold all that were ever computed. */
function onlyRates<T>(
  { rates, cells }: { rates: readonly number[]; cells: readonly T[] },
  asked: readonly number[],
) {
  const kept = rates.map((rate) => asked.includes(rate));
  return { rates: rates.filter((_, index) => kept[index]), cells: cells.filter((_, index) => kept[index]) };
}
