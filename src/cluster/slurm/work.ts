/** @file What is to be submitted: the cells that are neither trained nor queued, as job arrays in the order of what waits for what. */
import type { RunSpec } from '../../config/experiment.ts';
import { groupBy } from '../../maps.ts';
import { countAncestors, type PlannedCell } from '../plan.ts';
import { divideAmongArrays, type TaskArray } from './arrays.ts';
import { findMaxArraySize, requireSlurm } from './programs.ts';
import { findQueuedCells, type QueuedTask, readQueue } from './queue.ts';
import { nameSubmission, type Submission } from './submission.ts';

/** Cells that may be trained at the same time. */
export interface WorkArray extends TaskArray {
  /** How many runs must be trained before each of them, as `countAncestors` has it. */
  readonly generation: number;
}

/** A job array in the queue. */
export interface QueuedArray {
  readonly job: string;
  readonly generation: number;
}

/** What is to be submitted. */
export interface Work {
  readonly submission: Submission;
  /** In the order in which they are submitted. */
  readonly arrays: readonly WorkArray[];
  /** Cells that are queued already. */
  readonly queued: number;
  /** The arrays in which they are. */
  readonly earlier: readonly QueuedArray[];
}

/** What Slurm says before anything is submitted. */
export interface Cluster {
  readonly tasks: readonly QueuedTask[];
  readonly maxArraySize: number;
}

/** @throws UserError if Slurm is not there, or does not answer */
export function askCluster(): Cluster {
  const tasks = readQueue();
  if (tasks === undefined) requireSlurm('squeue', []);
  return { tasks: tasks ?? [], maxArraySize: findMaxArraySize() };
}

/** Which cells are neither trained, nor under way, nor queued. */
export function findWork(
  planned: readonly PlannedCell[],
  results: string,
  { tasks, maxArraySize }: Cluster,
): Work {
  const submission = nameSubmission(
    planned.map(({ cell }) => cell),
    results,
  );
  const queued = findQueuedCells(tasks, results);
  const open = planned.filter(
    ({ cell, standing: { kind } }) => kind !== 'done' && kind !== 'under way' && !queued.has(cell.id),
  );
  const generations = [...groupBy(open, ({ run }) => countAncestors(run))].sort(([a], [b]) => a - b);
  const arrays = generations.flatMap(([generation, cells]) => {
    const indices = cells.map(({ cell }) => cell.index);
    return divideAmongArrays(indices, maxArraySize).map((array) => ({ ...array, generation }));
  });
  const busy = planned.flatMap(({ cell, run }) => {
    const task = queued.get(cell.id);
    return task === undefined ? [] : [{ job: task.job, run }];
  });
  return { submission, arrays, queued: busy.length, earlier: listArrays(busy) };
}

/** An array with runs of several generations, as those of earlier versions are, counts as one of the first of them. */
function listArrays(tasks: readonly { readonly job: string; readonly run: RunSpec }[]): QueuedArray[] {
  return [...groupBy(tasks, ({ job }) => job)].map(([job, own]) => ({
    job,
    generation: Math.min(...own.map(({ run }) => countAncestors(run))),
  }));
}
