/** @file Trains runs one after another, each shown while it trains. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSpec } from '../config/experiment.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { DamageError } from '../errors.ts';
import { conditionOf, countCutOffs } from '../runs/condition.ts';
import { runDirectory, runState } from '../runs/directory.ts';
import { collectEnvironment, type Environment } from '../runs/environment.ts';
import type { Summary } from '../runs/summary.ts';
import { describeFailure, type Failure } from '../terminal/failures.ts';
import { interruptible, listHangUps } from '../terminal/interruption.ts';
import { openLogEcho } from '../terminal/log-echo.ts';
import type { ExecutionOptions } from '../terminal/options.ts';
import { printLine } from '../terminal/progress.ts';
import { tryResultsFolder } from '../terminal/results-folder.ts';
import { listLosses } from '../terminal/streams.ts';
import { showTraining } from '../terminal/training-progress.ts';
import { counted, duration, percent } from '../terminal/words.ts';
import { judgeMemory, wordMemory } from '../training/memory.ts';
import { estimateTraining } from '../training/trainer.ts';
import { loadDatasets } from './datasets.ts';
import { trainAndRecord } from './record.ts';
import { chooseFastestEngine } from './trial/choose.ts';

/** Milliseconds between two looks at runs that other processes train. */
const POLL_INTERVAL = 1000;

/** What became of a run: a summary, a failure, or the process that trains it. */
export interface Outcome {
  readonly run: RunSpec;
  readonly summary?: Summary;
  /** Whether the summary was there before. */
  readonly wasDone?: boolean;
  readonly failure?: Failure;
  /** In words. */
  readonly owner?: string;
}

export interface TrainOptions extends ExecutionOptions {
  readonly results: string;
  readonly verbose?: boolean;
  readonly checkpointMinutes?: number;
  readonly tensorboard?: boolean;
  /** What to do with runs that other processes train; `skip` if absent. */
  readonly whenBusy?: string;
}

/** What all runs of one command share. */
interface Workplace {
  readonly options: TrainOptions;
  readonly engine: Engine;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

interface Task {
  readonly run: RunSpec;
  /** `[1/4] none seed 0` */
  readonly label: string;
  readonly dataset: Dataset;
}

/**
 * Trains what is not trained yet. What goes wrong with one run leaves the others alone.
 *
 * @throws UserError before anything is written, if a data set is missing or damaged, the engine cannot run here, or a
 *   model or batch size does not fit its data set
 * @throws InterruptedError once the run under way is saved
 */
export async function trainRuns(runs: readonly RunSpec[], options: TrainOptions): Promise<Outcome[]> {
  const datasets = await loadDatasets(runs);
  const { engine, reason } = await chooseFastestEngine(options.engine, options, runs[0]?.settings, printLine);
  tryResultsFolder(options.results);
  printLine(`engine ${engine.name} on ${engine.device} (${reason})`);
  const { threads } = options;
  const environment = collectEnvironment({
    engine: engine.name,
    device: engine.device,
    ...(engine.facts === undefined ? {} : { engineFacts: engine.facts }),
    ...(threads === undefined ? {} : { threads }),
  });
  const tasks = runs.map((run, index) => ({
    run,
    label: `[${index + 1}/${runs.length}] ${run.variant} seed ${run.seed}`,
    dataset: datasets[index] as Dataset,
  }));
  return interruptible((signal) => trainTasks(tasks, { options, engine, environment, signal }));
}

/**
 * Runs that are likely to end this process come after all others. Runs that others train are looked at again at the end: they
 * may be done, or their owners may be gone.
 */
async function trainTasks(tasks: readonly Task[], workplace: Workplace): Promise<Outcome[]> {
  const { options, signal } = workplace;
  const isWaiting = options.whenBusy === 'wait';
  const outcomes = new Map<Task, Outcome>();
  const train = async (task: Task) => {
    signal.throwIfAborted();
    const before = outcomes.get(task)?.owner;
    const outcome = await trainOne(task, workplace);
    outcomes.set(task, outcome);
    if (outcome.owner === undefined || outcome.owner === before) return;
    printLine(`${task.label}: is trained by ${outcome.owner}, ${isWaiting ? 'to be waited for' : 'skipped'}`);
  };
  const trainAll = async (some: readonly Task[]) => {
    for (const task of some) await train(task);
  };
  const busyTasks = () => tasks.filter((task) => outcomes.get(task)?.owner !== undefined);
  const late: Task[] = [];
  for (const task of tasks) {
    const risk = await findRisk(task, workplace);
    if (risk !== undefined) {
      const order = tasks.length > 1 ? '; it comes after all others' : '';
      printLine(`${task.label}: warning: ${risk}${order}`);
      late.push(task);
    } else await train(task);
  }
  await trainAll(late);
  await trainAll(busyTasks());
  if (isWaiting) sayWait(busyTasks(), outcomes);
  while (isWaiting && busyTasks().length > 0) {
    await sleep(POLL_INTERVAL, undefined, { signal }).catch(() => signal.throwIfAborted());
    await trainAll(busyTasks());
  }
  return tasks.flatMap((task) => outcomes.get(task) ?? []);
}

/** Sessions in a row that were cut off before they saved anything: once may be chance. */
const MANY_CUT_OFFS = 2;

/** Why the operating system may end this process, and with it all runs to come, when the run is trained; in a clause. */
async function findRisk({ run, dataset }: Task, { options, engine }: Workplace): Promise<string | undefined> {
  const directory = runDirectory(options.results, run);
  if (runState(directory) === 'done' || conditionOf(directory).kind === 'under way') return undefined;
  const cutOffs = countCutOffs(directory);
  if (cutOffs >= MANY_CUT_OFFS)
    return `it was cut off ${cutOffs} times before it saved anything, as happens when memory runs out`;
  const estimate = await estimateTraining(run.settings, dataset, engine);
  if (estimate === undefined || judgeMemory(estimate) !== 'may exceed') return undefined;
  return `it may not fit: it needs ${wordMemory(estimate)}`;
}

/** What was said when each run was found busy may lie hours back. */
function sayWait([first, ...others]: readonly Task[], outcomes: ReadonlyMap<Task, Outcome>): void {
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `, and for ${counted(others.length, 'run')} more`;
  printLine(`waiting for ${outcomes.get(first)?.owner}, who trains ${first.label}${more}`);
}

async function trainOne({ run, label, dataset }: Task, workplace: Workplace): Promise<Outcome> {
  const { options, engine, environment, signal } = workplace;
  const shown = showTraining(label, run);
  let saved = '';
  try {
    const recorded = await trainAndRecord({
      resultsDirectory: options.results,
      run,
      dataset,
      engine,
      environment,
      signal,
      ...(options.checkpointMinutes === undefined ? {} : { checkpointMinutes: options.checkpointMinutes }),
      writesEvents: options.tensorboard ?? false,
      listRemarks: () => [...listLosses(), ...listHangUps()],
      ...(options.verbose ? { echoLog: openLogEcho() } : shown.hooks),
      onWait: (sentence) => printLine(`${label}: ${sentence}`),
      onCheckpoint({ step, epoch }) {
        saved = `, saved after step ${step} (epoch ${epoch} of ${run.settings.schedule.epochs} done)`;
      },
    });
    shown.stop();
    if ('owner' in recorded) return { run, owner: recorded.owner };
    const { summary, wasDone } = recorded;
    const outcome = wasDone ? 'already trained' : `trained in ${duration(summary.trainSeconds)}`;
    printLine(`${label}: ${outcome}, test accuracy ${percent(summary.testAccuracy)}`);
    return { run, summary, wasDone };
  } catch (error) {
    shown.stop();
    if (signal.aborted && error === signal.reason) {
      printLine(`${label}: interrupted${saved}`);
      throw error;
    }
    const reason = describeFailure(error);
    printLine(`${label}: failed: ${reason}`);
    const needsHand = error instanceof DamageError;
    return { run, failure: { run: `${run.experiment}/${run.id}`, reason, needsHand } };
  }
}
