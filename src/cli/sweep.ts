/** @file td sweep: prunes every trained network at increasing rates, and writes and prints the tables. */
import { compareVariants, comparisonPath, writeComparison } from '../results/comparison.ts';
import type { FinishedRun } from '../results/find-runs.ts';
import { formatTable } from '../results/format-table.ts';
import {
  checkpointId,
  mergeSweep,
  readSweep,
  type SweepRow,
  sweepPath,
  writeSweep,
} from '../results/sweep-table.ts';
import { type Failure, reportFailures, wordFailure } from './failures.ts';
import type { ExecutionOptions } from './options.ts';
import { printLine, startProgress } from './progress.ts';
import type { RunSweeper } from './run-sweeper.ts';
import { planSweep, type SweepChoice, type SweepTask } from './sweep-tasks.ts';
import { counted, duration, percent } from './words.ts';

/** Columns of a table that no terminal bounds. */
const PLAIN_WIDTH = 120;

/**
 * A run that fails is reported and leaves the others alone; the exit code is then 1.
 *
 * @throws UserError before anything is written, if a range, a file or an engine is wrong or nothing is trained
 */
export async function sweep(
  files: readonly string[],
  options: SweepChoice & ExecutionOptions,
): Promise<void> {
  const tasks = planSweep(files, options);
  const { RunSweeper } = await import('./run-sweeper.ts');
  const sweeper = await RunSweeper.create(options);
  const failures: Failure[] = [];
  try {
    for (const task of tasks) {
      const { rows, failed } = await sweepExperiment(task, sweeper, options.results);
      if (rows.length > 0) printTables(task, rows, options.results);
      failures.push(...failed);
    }
  } finally {
    sweeper.dispose();
  }
  reportFailures(failures);
}

/** Sweeps run after run; the table is written after each, so that an interruption loses one run at most. */
async function sweepExperiment(
  task: SweepTask,
  sweeper: RunSweeper,
  results: string,
): Promise<{ rows: readonly SweepRow[]; failed: readonly Failure[] }> {
  const { experiment, runs } = task;
  const path = sweepPath(results, experiment);
  const alive = new Set(runs.map(({ id, summary }) => checkpointId(id, summary.checkpointSha256)));
  let rows = readSweep(path);
  const failed: Failure[] = [];
  for (const [index, run] of runs.entries()) {
    const { variant, seed } = run.identity;
    const label = `[${index + 1}/${runs.length}] ${experiment} ${variant} seed ${seed}`;
    try {
      const swept = await sweepShown(label, run, task, rows, sweeper);
      rows = mergeSweep(rows, swept, alive);
      writeSweep(path, rows, task.variants);
    } catch (error) {
      const reason = wordFailure(error);
      printLine(`${label}: failed: ${reason}`);
      failed.push({ run: `${experiment}/${run.id}`, reason });
    }
  }
  return { rows, failed };
}

/** Sweeps one run behind a bar. */
async function sweepShown(
  label: string,
  run: FinishedRun,
  { rates, granularities }: SweepTask,
  known: readonly SweepRow[],
  sweeper: RunSweeper,
): Promise<SweepRow[]> {
  const progress = startProgress(label, rates.length * granularities.length);
  const began = performance.now();
  let [done, reused] = [0, 0];
  const report = () => {
    const seconds = duration((performance.now() - began) / 1000);
    const computed = counted(done - reused, 'evaluation');
    return `${label}: ${computed} in ${seconds}${reused > 0 ? `, ${reused} known already` : ''}`;
  };
  try {
    const rows = await sweeper.sweep(run, {
      rates,
      granularities,
      known,
      onResult({ granularity, pruneRate, accuracy }, wasKnown) {
        done++;
        if (wasKnown) reused++;
        progress.update(done, `${granularity} ${pruneRate}: accuracy ${percent(accuracy)}`);
      },
    });
    progress.stop();
    printLine(report());
    return rows;
  } finally {
    progress.stop();
  }
}

function printTables(
  { experiment, variants, granularities, rates }: SweepTask,
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
    const width = process.stdout.isTTY ? process.stdout.columns : PLAIN_WIDTH;
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
