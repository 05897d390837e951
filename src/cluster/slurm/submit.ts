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
import { formatTasks, type TaskArray } from './arrays.ts';
import { requireSlurm } from './programs.ts';
import { arrayName, logPath, SUBMISSION_FILES, type Submission, sweepName } from './submission.ts';
import { askCluster, findWork, type QueuedArray, type Work, type WorkArray } from './work.ts';

/** When the sweep may begin, or that there is none. */
export const SWEEP_CHOICES = ['afterany', 'afterok', 'none'] as const;
export type SweepChoice = (typeof SWEEP_CHOICES)[number];

export interface SubmitOptions {
  /** Tasks that run at the same time, at most. */
  readonly maxParallel?: number | undefined;
  readonly sweep: SweepChoice;
}

export interface SubmittedArray extends WorkArray, QueuedArray {}

/** What came of it. */
export interface SubmittedJobs {
  readonly arrays: readonly SubmittedArray[];
  /** Job of the sweep. */
  readonly sweep: string | undefined;
}

export interface Submitted extends SubmittedJobs {
  readonly work: Work;
}

/**
 * What `sbatch` is called with for an array.
 *
 * @param awaited jobs that have to end before
 */
export function arrayFlags(
  submission: Submission,
  { offset, tasks }: TaskArray,
  maxParallel: number | undefined,
  awaited: readonly string[],
): string[] {
  return [
    '--parsable',
    `--array=${formatTasks(tasks, maxParallel)}`,
    `--job-name=${arrayName(submission, offset)}`,
    `--output=${escapePattern(logPath(submission, offset, '%a'))}`,
    ...(awaited.length === 0 ? [] : [`--dependency=afterany:${awaited.join(':')}`]),
    join(submission.folder, SUBMISSION_FILES.script),
    String(offset),
  ];
}

/** What `sbatch` is called with for the sweep. */
function sweepFlags(submission: Submission, jobs: readonly string[], after: SweepChoice): string[] {
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
  options: SubmitOptions,
  render: (submission: Submission) => string,
  describe: () => object,
): Submitted {
  const { submission } = work;
  const isNew = !existsSync(submission.folder);
  makeDirectory(dirname(logPath(submission, 0, 0)));
  writeJson(join(submission.folder, SUBMISSION_FILES.plan), describe());
  writeFileAtomic(join(submission.folder, SUBMISSION_FILES.script), render(submission));
  let count = 0;
  const submit = (flags: readonly string[]) => {
    const job = submitJob(flags);
    count++;
    return job;
  };
  try {
    return { work, ...submitJobs(work, options, submit) };
  } catch (error) {
    if (isNew && count === 0) rmSync(submission.folder, { recursive: true });
    throw error;
  }
}

/**
 * Submits arrays, and the sweep after them.
 *
 * @param submit is given the parameters of each call of sbatch, and returns the number of the job
 * @throws UserError if it does, with the jobs that were submitted by then
 */
export function submitJobs(
  { submission, arrays, earlier }: Work,
  { maxParallel, sweep }: SubmitOptions,
  submit: (flags: readonly string[]) => string,
): SubmittedJobs {
  const submitted: SubmittedArray[] = [];
  try {
    for (const array of arrays) {
      const parents = [...earlier, ...submitted].filter(({ generation }) => generation < array.generation);
      // At most so many at a time holds for an array, so arrays come one after another.
      const previous = maxParallel === undefined ? [] : submitted.slice(-1);
      const awaited = new Set([...parents, ...previous].map(({ job }) => job));
      submitted.push({ ...array, job: submit(arrayFlags(submission, array, maxParallel, [...awaited])) });
    }
    if (sweep === 'none' || submitted.length === 0) return { arrays: submitted, sweep: undefined };
    const jobs = [...earlier, ...submitted].map(({ job }) => job);
    return { arrays: submitted, sweep: submit(sweepFlags(submission, jobs, sweep)) };
  } catch (error) {
    if (submitted.length === 0 || !(error instanceof UserError)) throw error;
    const jobs = submitted.map(({ job }) => job).join(', ');
    const rest =
      submitted.length < arrays.length
        ? 'the same command submits the rest'
        : 'no sweep follows: td sweep, once all have ended';
    throw new UserError(`${error.message}; submitted so far: ${jobs}; ${rest}`);
  }
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
