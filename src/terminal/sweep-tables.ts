/** @file The tables of a sweep: printed, and written beside sweep.csv. */
import { UserError } from '../errors.ts';
import type { AskedEvaluation } from '../methods/evaluations.ts';
import { labelView, noteView, selectRows, viewsOf } from '../sweeps/evaluations.ts';
import type { SweepTask } from '../sweeps/plan.ts';
import { findLostRuns, type SweepRow, sweepPath } from '../sweeps/rows.ts';
import { changeTables } from '../sweeps/store.ts';
import { readResults } from '../tables/experiment-results.ts';
import { formatVariantTable } from '../tables/format-variant-table.ts';
import { allRuns, describeMissing, findMissing } from '../tables/missing-runs.ts';
import { withoutRuns } from '../tables/swept-experiment.ts';
import {
  selectRates,
  tabulateVariants,
  type VariantTable,
  variantTablePath,
  writeVariantTable,
} from '../tables/variant-table.ts';
import { takesEscapes, widthOf } from './capabilities.ts';
import type { Failure } from './failures.ts';
import { lookUpRuns } from './found-runs.ts';
import { print } from './output.ts';
import { printLine } from './progress.ts';
import { describeCount } from './words.ts';

/** A table for programs. */
export interface PlainTable extends VariantTable {
  readonly experiment: string;
  readonly evaluate: AskedEvaluation;
  readonly recalibrated: boolean;
}

/**
 * Prints the tables of an experiment. A sweep.csv that cannot be read leaves the other experiments alone.
 *
 * @param collected receives the tables instead, to be printed as JSON
 */
export async function printSweepTables(
  task: SweepTask,
  results: string,
  collected?: PlainTable[],
): Promise<Failure[]> {
  try {
    const tabulateRows = (rows: readonly SweepRow[]) => {
      if (rows.length > 0) printTables(task, rows, results, collected);
      warnOfLostRuns(task.experiment, rows, results);
    };
    const { experiment, criterion } = task;
    await changeTables(results, experiment, tabulateRows, { onWait: printLine }, criterion?.id);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ run: task.experiment, isTable: true, reason: error.message, needsHand: true }];
  }
}

/** Their rows stay in the tables. */
function warnOfLostRuns(experiment: string, rows: readonly SweepRow[], results: string): void {
  const lost = findLostRuns(results, experiment, rows);
  if (lost.length === 0) return;
  const them = lost.length === 1 ? 'it is' : 'they are';
  printLine(
    `warning: ${experiment}/sweep.csv keeps rows of ${describeCount(lost.length, 'run')} not in sight (${lost.join(', ')}); remove these lines if ${them} gone for good`,
  );
}

/** Prints and writes a table for each evaluation that was asked for, at each granularity. */
function printTables(
  task: SweepTask,
  rows: readonly SweepRow[],
  results: string,
  collected: PlainTable[] | undefined,
): void {
  const { experiment, variants, granularities, pruneRates, expected } = task;
  printLine('');
  const paths = [sweepPath(results, experiment, task.criterion?.id)];
  const found = allRuns(lookUpRuns(results, [experiment]));
  const { settings, leftOut } = readResults(experiment, results);
  const used = withoutRuns(rows, leftOut);
  for (const view of viewsOf(task)) {
    const own = selectRows(used, settings, view);
    for (const granularity of granularities) {
      const table = tabulateVariants(own, granularity, variants);
      const path = variantTablePath(results, experiment, granularity, view, task.criterion?.id);
      writeVariantTable(path, table);
      paths.push(path);
      if (collected !== undefined) {
        collected.push({ experiment, ...view, ...selectRates(table, pruneRates) });
        continue;
      }
      const notes = [
        ...noteView(view, own),
        ...describeMissing(findMissing(own, granularity, { expected, found })),
      ];
      const layout = { width: widthOf(process.stdout), bold: takesEscapes(process.stdout), notes };
      const ranked = task.criterion === undefined ? '' : `, ranked by ${task.criterion.id}`;
      const heading = `${experiment}${labelView(view)}${ranked}`;
      print(`${heading}: ${formatVariantTable(selectRates(table, pruneRates), layout)}\n`);
    }
  }
  const written = `written: ${paths.join(', ')}`;
  if (collected === undefined) print(written);
  else printLine(written);
}
