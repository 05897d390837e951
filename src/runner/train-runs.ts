/** @file Trains runs one after another: what goes wrong with one leaves the others alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSpec } from '../config/experiment.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { conditionOf, countCutOffs } from '../runs/condition.ts';
import { runDirectory, runState } from '../runs/directory.ts';
import { estimateMemory, judgeMemory } from '../training/memory.ts';
import { prepareTraining } from '../training/setup.ts';
import type { Risk, RunnerEvent, Task } from './events.ts';
import { recordRun } from './record.ts';
import type { RecordOptions } from './record-options.ts';

/** Milliseconds between two looks at runs that other processes train. */
const POLL_INTERVAL = 1000;

export interface TrainRunsOptions extends Omit<RecordOptions, 'run' | 'dataset' | 'signal'> {
  readonly signal: AbortSignal;
  /** Whether runs that other processes train are waited for, or skipped. */
  readonly waitsForOthers: boolean;
}

type Stream<T = void> = AsyncGenerator<RunnerEvent, T, undefined>;

/**
 * Trains what is not trained yet. Runs that are likely to end this process come after all others, together with those that go on
 * from them. Runs that others train are
 * looked at again at the end: they may be done, or their owners may be gone.
 *
 * @throws the signal's reason once the run under way is saved
 */
export async function* trainRuns(tasks: readonly Task[], options: TrainRunsOptions): Stream {
  const late: Task[] = [];
  const busy = new Set<Task>();
  for (const task of tasks) {
    let risk: Risk | undefined;
    try {
      risk = await findRisk(task, options);
    } catch (error) {
      // A plugin's method or model may fail where its step is built for the first time.
      yield { kind: 'failed', task, error };
      continue;
    }
    if (risk === undefined && late.some(({ run }) => isParent(run, task.run))) late.push(task);
    else if (risk === undefined) yield* trainTask(task, busy, options);
    else {
      yield { kind: 'postponed', task, risk };
      late.push(task);
    }
  }
  for (const task of late) yield* trainTask(task, busy, options);
  yield* trainBusy(tasks, busy, options);
  if (!options.waitsForOthers || busy.size === 0) return;
  yield { kind: 'waiting', tasks: inOrder(tasks, busy) };
  while (busy.size > 0) {
    const { signal } = options;
    await sleep(POLL_INTERVAL, undefined, { signal }).catch(() => signal.throwIfAborted());
    yield* trainBusy(tasks, busy, options);
  }
}

/** Looks again at the runs that others trained at the last look. */
async function* trainBusy(tasks: readonly Task[], busy: Set<Task>, options: TrainRunsOptions): Stream {
  for (const task of inOrder(tasks, busy)) yield* trainTask(task, busy, options);
}

function isParent({ experiment, id }: RunSpec, child: RunSpec): boolean {
  return child.parent?.experiment === experiment && child.parent.id === id;
}

function inOrder(tasks: readonly Task[], some: ReadonlySet<Task>): Task[] {
  return tasks.filter((task) => some.has(task));
}

/** @param busy the runs that others train; the task is added or taken out */
async function* trainTask(task: Task, busy: Set<Task>, options: TrainRunsOptions): Stream {
  const { signal } = options;
  signal.throwIfAborted();
  busy.delete(task);
  try {
    for await (const event of recordRun({ ...options, run: task.run, dataset: task.dataset })) {
      if (event.kind === 'busy') busy.add(task);
      yield { kind: 'run', task, event };
    }
  } catch (error) {
    if (signal.aborted && error === signal.reason) {
      yield { kind: 'interrupted', task };
      throw error;
    }
    yield { kind: 'failed', task, error };
  }
}

/** Sessions in a row that were cut off before they saved anything: once may be chance. */
const MANY_CUT_OFFS = 2;

async function findRisk(
  { run, dataset }: Task,
  { resultsDirectory, engine }: TrainRunsOptions,
): Promise<Risk | undefined> {
  const directory = runDirectory(resultsDirectory, run);
  if (runState(directory) === 'done' || conditionOf(directory).kind === 'under way') return undefined;
  const sessions = countCutOffs(directory);
  if (sessions >= MANY_CUT_OFFS) return { kind: 'cut off', sessions };
  const estimate = await estimateAll(run, dataset, engine);
  if (estimate === undefined || judgeMemory(estimate) !== 'may exceed') return undefined;
  return { kind: 'memory', estimate };
}

/** Of the run, and of the one whose steps it takes again first, whichever takes more. */
async function estimateAll(run: RunSpec, dataset: Dataset, engine: Engine): Promise<number | undefined> {
  const training = await prepareTraining(run, dataset);
  const own = estimateMemory(training, engine);
  if (own === undefined || run.parent === undefined || training.beginning.repeatedSteps === 0) return own;
  return Math.max(own, (await estimateAll(run.parent, dataset, engine)) ?? 0);
}
