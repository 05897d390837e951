/** @file Sweeps the runs of an experiment, each behind a bar. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RunSettings } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import type { FinishedRun } from '../runs/find.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import { listTerms } from '../sweeps/evaluations.ts';
import type { SweepTask } from '../sweeps/plan.ts';
import { readByNetwork } from '../sweeps/read-sweep.ts';
import { checkpointId, type EvaluationTerms, type SweepRow, sweepPath } from '../sweeps/rows.ts';
import { addSweepRows } from '../sweeps/store.ts';
import { findAllRows, sweepNetwork } from '../sweeps/sweep-network.ts';
import type { TrainedNetworks } from '../sweeps/trained-networks.ts';
import { describeFailure, type Failure } from './failures.ts';
import { listMissingPlugins, tellFaults } from './found-runs.ts';
import { printLine, startProgress } from './progress.ts';
import { describeCount, formatDuration, formatPercent } from './words.ts';

/** What sweeps of experiments have in common. */
export interface Workplace {
  readonly networks: TrainedNetworks;
  readonly results: string;
  readonly signal: AbortSignal;
}

/**
 * Sweeps run after run. The rows of each are written at its end, whether it is swept, fails or is interrupted. Where earlier
 * sweeps have all rows, the network is not opened.
 */
export async function sweepExperiment(task: SweepTask, place: Workplace): Promise<Failure[]> {
  const { experiment, runs, variants, leftOut } = task;
  const { results, signal } = place;
  const damaged = leftOut.filter(({ state }) => state === 'damaged');
  const failed: Failure[] = damaged.map(({ id, reason }) => ({
    run: `${experiment}/${id}`,
    reason,
    needsHand: true,
  }));
  tellFaults(listMissingPlugins(leftOut));
  const write = (rows: readonly SweepRow[]) =>
    addSweepRows(results, experiment, rows, variants, { signal, onWait: printLine }, task.criterion?.id);
  const path = sweepPath(results, experiment, task.criterion?.id);
  let known: ReadonlyMap<string, readonly SweepRow[]> | undefined;
  try {
    if (runs.length > 0) known = readByNetwork(path);
  } catch (error) {
    // That of the tables says it, once.
    if (error instanceof UserError) return failed;
    throw error;
  }
  let isWritten = false;
  for (const [index, run] of runs.entries()) {
    const { variant, seed } = run.identity;
    const label = `[${index + 1}/${runs.length}] ${experiment} ${variant} seed ${seed}`;
    const swept: SweepRow[] = [];
    try {
      // A Ctrl-C is heard between two turns of the event loop only.
      await nextTurn();
      signal.throwIfAborted();
      const runId = checkpointId(run.id, run.summary.checkpointSha256);
      const { settings } = readRunSettings(run.directory);
      const evaluations = listTerms(settings, task);
      const all = findAllRows(runId, { ...task, evaluations }, known?.get(runId) ?? []);
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
