/** @file What is known of the cells of a results folder from Slurm: which are queued, and what their tasks said last. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, toOneLine, unlessUserError } from '../../errors.ts';
import { readEnd } from '../../files/read.ts';
import { SLURM_FOLDER } from '../../runs/walk.ts';
import type { PlannedCell } from '../plan.ts';
import { readPlan } from '../plan-file.ts';
import { findQueuedCells, type QueuedCell, readQueue } from './queue.ts';
import { SUBMISSION_FILES } from './submission.ts';

export interface SubmittedCells {
  /** By id. */
  readonly queued: ReadonlyMap<string, QueuedCell>;
  /** Why the queue could not be read, in a sentence. */
  readonly problem?: string;
  /** The last line of a cell's log; nothing if it has none. */
  lastLine(id: string): string | undefined;
}

/** Where nothing was submitted, Slurm is not asked. */
const NOTHING: SubmittedCells = { queued: new Map(), lastLine: () => undefined };

/** @param results full path of the results folder */
export function readSubmitted(results: string): SubmittedCells {
  if (!existsSync(join(results, SLURM_FOLDER))) return NOTHING;
  let logs: ReadonlyMap<string, string> | undefined;
  const lastLine = (id: string) => {
    logs ??= findLogs(results);
    const path = logs.get(id);
    return path === undefined ? undefined : readLastLine(path);
  };
  try {
    return { queued: findQueuedCells(readQueue() ?? [], results), lastLine };
  } catch (error) {
    return { queued: new Map(), problem: `the queue cannot be read: ${messageOf(error)}`, lastLine };
  }
}

/** Adds to cells what Slurm knows of them. What a task said last tells why its cell is neither done nor in anyone's hands. */
export function addSubmitted(planned: readonly PlannedCell[], submitted: SubmittedCells): PlannedCell[] {
  return planned.map((one) => {
    const queue = submitted.queued.get(one.cell.id);
    const { kind } = one.standing;
    const isIdle = queue === undefined && (kind === 'missing' || kind === 'cut off');
    const lastLine = isIdle ? submitted.lastLine(one.cell.id) : undefined;
    return { ...one, ...(queue && { queue }), ...(lastLine !== undefined && { lastLine }) };
  });
}

/** The log of each cell, by id; that of the last submission if there are several. */
function findLogs(results: string): Map<string, string> {
  const home = join(results, SLURM_FOLDER);
  const folders = readdirSync(home, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const times = new Map<string, number>();
  const found = new Map<string, string>();
  for (const { name } of folders) {
    const plan = join(home, name, SUBMISSION_FILES.plan);
    const cells = unlessUserError(() => readPlan(plan).cells) ?? [];
    const folder = join(home, name, SUBMISSION_FILES.log);
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder)) {
      const [, offset, task] = /^(\d+)\+(\d+)\.log$/.exec(file) ?? [];
      const id = cells[Number(offset) + Number(task)]?.id;
      if (id === undefined) continue;
      const path = join(folder, file);
      const time = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (time < (times.get(id) ?? 0)) continue;
      times.set(id, time);
      found.set(id, path);
    }
  }
  return found;
}

/** Bytes at the end of a log among which its last line is. */
const LONGEST_LINE = 4096;

function readLastLine(path: string): string | undefined {
  const lines = readEnd(path, LONGEST_LINE).toString('utf8').split('\n');
  const last = lines.findLast((line) => line.trim() !== '');
  return last === undefined ? undefined : toOneLine(last);
}
