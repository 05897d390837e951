/** @file Names of what is submitted: a folder in the results folder, and jobs whose names lead back to it. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { SLURM_FOLDER } from '../../runs/walk.ts';
import { type Cell, hashPlan } from '../plan.ts';

/** Names of the files of a submission. */
export const SUBMISSION_FILES = { plan: 'plan.json', script: 'job.sh', log: 'log' } as const;

/** A plan and the results folder that it is trained into: submitted any number of times. */
export interface Submission {
  /** `<experiments>-<8 hexadecimal digits>`: equal for equal plans and results folders. */
  readonly name: string;
  readonly folder: string;
}

/** @param results full path of the results folder */
export function nameSubmission(cells: readonly Cell[], results: string): Submission {
  const experiments = [...new Set(cells.map(({ run }) => run.experiment))];
  const [first = ''] = experiments;
  const title = experiments.length === 1 ? first : `${first}-and-${experiments.length - 1}-more`;
  const digest = createHash('sha256')
    .update(`${hashPlan(cells)} ${results}`)
    .digest('hex');
  const name = `${title}-${digest.slice(0, 8)}`;
  return { name, folder: join(results, SLURM_FOLDER, name) };
}

/** Of a job array whose task n trains cell n + offset. */
export function arrayName({ name }: Submission, offset: number): string {
  return `td-${name}+${offset}`;
}

export function sweepName({ name }: Submission): string {
  return `td-${name}-sweep`;
}

/** @returns the name of the submission and the offset of its array; nothing if the job is not one of td's arrays */
export function parseArrayName(job: string): { readonly name: string; readonly offset: number } | undefined {
  const [, name, offset] = /^td-(.*-[0-9a-f]{8})\+(\d+)$/.exec(job) ?? [];
  return name === undefined ? undefined : { name, offset: Number(offset) };
}

/** The log of a cell, over all its tasks. */
export function logPath({ folder }: Pick<Submission, 'folder'>, offset: number, task: number | '%a'): string {
  return join(folder, SUBMISSION_FILES.log, `${offset}+${task}.log`);
}
