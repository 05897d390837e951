/** @file Which cells of a results folder are in Slurm's queue. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unlessUserError } from '../../errors.ts';
import { groupBy } from '../../maps.ts';
import { SLURM_FOLDER } from '../../runs/walk.ts';
import { readPlan } from '../plan-file.ts';
import { runSlurm } from './programs.ts';
import { parseArrayName, SUBMISSION_FILES } from './submission.ts';

/** A cell in the queue. */
export interface QueuedCell {
  /** Of the array: `1234`. */
  readonly job: string;
  readonly task: number;
  /** In Slurm's words: `PENDING`, `RUNNING`. */
  readonly state: string;
}

/** `pending as 1234_7` */
export function describeTask({ job, task, state }: QueuedCell): string {
  return `${state.toLowerCase()} as ${job}_${task}`;
}

/** A task of one of td's arrays. */
export interface QueuedTask extends QueuedCell {
  /** Name of its submission. */
  readonly submission: string;
  /** Index of its cell in the plan of the submission. */
  readonly cell: number;
}

/** @returns nothing if there is no Slurm here @throws UserError if it does not answer */
export function readQueue(): QueuedTask[] | undefined {
  // Not by name: in a container a user may have none.
  const flags = ['--noheader', '--array', `--user=${process.getuid?.()}`, '--format=%F %K %T %j'];
  const lines = runSlurm('squeue', flags);
  return lines?.split('\n').flatMap((line) => parseTask(line) ?? []);
}

/** @param line `1234 7 PENDING td-tiny-0123abcd+1000` */
export function parseTask(line: string): QueuedTask | undefined {
  const [, job, task, state, name = ''] = /^\s*(\d+) (\d+) (\S+) (\S+)\s*$/.exec(line) ?? [];
  const parsed = parseArrayName(name);
  if (job === undefined || state === undefined || parsed === undefined) return undefined;
  const number = Number(task);
  return { job, task: number, state, submission: parsed.name, cell: parsed.offset + number };
}

/**
 * The cells of a results folder that are queued, by their ids, whichever of its plans they were submitted with.
 *
 * @param results full path of the results folder
 */
export function findQueuedCells(
  tasks: readonly QueuedTask[],
  results: string,
): ReadonlyMap<string, QueuedCell> {
  const found = new Map<string, QueuedCell>();
  for (const [submission, own] of groupBy(tasks, (task) => task.submission)) {
    const path = join(results, SLURM_FOLDER, submission, SUBMISSION_FILES.plan);
    if (!existsSync(path)) continue;
    const cells = unlessUserError(() => readPlan(path).cells) ?? [];
    for (const { cell, job, task, state } of own) {
      const id = cells[cell]?.id;
      if (id !== undefined) found.set(id, { job, task, state });
    }
  }
  return found;
}
