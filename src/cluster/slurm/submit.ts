/** @file Submits the cells of a plan that are neither trained nor queued. Nothing of td keeps running. */
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../../errors.ts';
import { writeFileAtomic } from '../../files/atomic.ts';
import { makeDirectory } from '../../files/directories.ts';
import { writeJson } from '../../files/json.ts';
import { withLock } from '../../locks/lock.ts';
import { SLURM_FOLDER } from '../../runs/walk.ts';
import type { PlannedCell } from '../plan.ts';
import { divideAmongArrays, formatTasks, type TaskArray } from './arrays.ts';
import { findMaxArraySize, requireSlurm } from './programs.ts';
import { findQueuedCells, type QueuedTask, readQueue } from './queue.ts';
import {
  arrayName,
  logPath,
  nameSubmission,
  SUBMISSION_FILES,
  type Submission,
  sweepName,
} from './submission.ts';

/** When the sweep may begin, or that there is none. */
export const SWEEP_CHOICES = ['afterany', 'afterok', 'none'] as const;
export type SweepChoice = (typeof SWEEP_CHOICES)[number];

export interface SubmitOptions {
  /** Tasks that run at the same time, at most. */
  readonly maxParallel?: number | undefined;
  readonly sweep: SweepChoice;
}

export interface SubmittedArray extends TaskArray {
  readonly job: string;
}

/** What is to be submitted. */
export interface Work {
  readonly submission: Submission;
  readonly arrays: readonly TaskArray[];
  /** Cells that are queued already. */
  readonly queued: number;
  /** Arrays of this submission that are queued already. */
  readonly earlier: readonly string[];
}

export interface Submitted {
  readonly work: Work;
  readonly arrays: readonly SubmittedArray[];
  /** Job of the sweep. */
  readonly sweep: string | undefined;
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
  const arrays = divideAmongArrays(
    open.map(({ cell }) => cell.index),
    maxArraySize,
  );
  const own = tasks.filter((task) => task.submission === submission.name);
  const earlier = [...new Set(own.map(({ job }) => job))];
  const ids = new Set(planned.map(({ cell }) => cell.id));
  return { submission, arrays, queued: [...queued.keys()].filter((id) => ids.has(id)).length, earlier };
}

/** What `sbatch` is called with for an array. */
export function arrayFlags(
  submission: Submission,
  { offset, tasks }: TaskArray,
  maxParallel: number | undefined,
  previous: string | undefined,
): string[] {
  return [
    '--parsable',
    `--array=${formatTasks(tasks, maxParallel)}`,
    `--job-name=${arrayName(submission, offset)}`,
    `--output=${escapePattern(logPath(submission, offset, '%a'))}`,
    // At most so many at a time holds for an array, so arrays come one after another.
    ...(maxParallel === undefined || previous === undefined ? [] : [`--dependency=afterany:${previous}`]),
    join(submission.folder, SUBMISSION_FILES.script),
    String(offset),
  ];
}

/** What `sbatch` is called with for the sweep. */
export function sweepFlags(submission: Submission, jobs: readonly string[], after: SweepChoice): string[] {
  return [
    '--parsable',
    `--dependency=${after}:${jobs.join(':')}`,
    ...(after === 'afterok' ? ['--kill-on-invalid-dep=yes'] : []),
    `--job-name=${sweepName(submission)}`,
    `--output=${escapePattern(join(submission.folder, SUBMISSION_FILES.log, 'sweep.log'))}`,
    join(submission.folder, SUBMISSION_FILES.script),
    'sweep',
  ];
}

/** Slurm replaces `%a` and its like in names of files, in those of folders too: only what td means is to be replaced. */
function escapePattern(path: string): string {
  return path.replaceAll('%', '%%').replace(/%%a\.log$/, '%a.log');
}

/**
 * Submits what is neither trained nor queued, and a sweep that follows. One process at a time does so in a results folder.
 *
 * @param results full path of the results folder
 * @param render the batch script, for a submission
 * @param describe the plan as JSON
 * @throws UserError if Slurm refuses; what was submitted by then stays
 */
export async function submitPlan(
  planned: readonly PlannedCell[],
  results: string,
  options: SubmitOptions,
  render: (submission: Submission) => string,
  describe: () => object,
): Promise<Submitted> {
  const home = join(results, SLURM_FOLDER);
  try {
    return await withLock(join(home, 'lock.json'), () => {
      const work = findWork(planned, results, askCluster());
      if (work.arrays.length === 0) return { work, arrays: [], sweep: undefined };
      return submitWork(work, options, render, describe);
    });
  } finally {
    removeIfEmpty(home);
    removeIfEmpty(results);
  }
}

function submitWork(
  work: Work,
  { maxParallel, sweep }: SubmitOptions,
  render: (submission: Submission) => string,
  describe: () => object,
): Submitted {
  const { submission } = work;
  const isNew = !existsSync(submission.folder);
  makeDirectory(dirname(logPath(submission, 0, 0)));
  writeJson(join(submission.folder, SUBMISSION_FILES.plan), describe());
  writeFileAtomic(join(submission.folder, SUBMISSION_FILES.script), render(submission));
  const arrays: SubmittedArray[] = [];
  try {
    for (const array of work.arrays) {
      const flags = arrayFlags(submission, array, maxParallel, arrays.at(-1)?.job);
      arrays.push({ ...array, job: submitJob(flags) });
    }
  } catch (error) {
    if (isNew && arrays.length === 0) rmSync(submission.folder, { recursive: true });
    if (arrays.length === 0 || !(error instanceof UserError)) throw error;
    const jobs = arrays.map(({ job }) => job).join(', ');
    throw new UserError(`${error.message}; submitted so far: ${jobs}; the same command submits the rest`);
  }
  const jobs = [...work.earlier, ...arrays.map(({ job }) => job)];
  return {
    work,
    arrays,
    sweep: sweep === 'none' ? undefined : submitJob(sweepFlags(submission, jobs, sweep)),
  };
}

/** @returns the number of the job */
function submitJob(flags: readonly string[]): string {
  const output = requireSlurm('sbatch', flags).trim();
  const [, job] = /^(\d+)(;.*)?$/.exec(output) ?? [];
  if (job !== undefined) return job;
  throw new UserError(`sbatch said "${output}", expected the number of a job`);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It holds something.
  }
}
