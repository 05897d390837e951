/** @file Why a run is not finished: somebody trains it now, it failed, or it was cut off (`unfinished`). */
import { join } from 'node:path';
import { toOneLine, UserError } from '../errors.ts';
import { type FoundLock, readLock } from '../locks/lock-file.ts';
import { describeOwner, isGone } from '../locks/owner.ts';
import { RUN_FILES } from './directory.ts';
import { isError, isWarning, readLogEntries } from './log-entries.ts';

export type Condition =
  | { readonly kind: 'under way'; readonly owner: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'unfinished' };

/** Bytes at the end of a log that are looked at: more than its last line has, an error with its stack. */
const LONGEST_LINE = 2 ** 16;

/** The condition of a run without a summary. */
export function conditionOf(directory: string): Condition {
  const lock = lookAtLock(directory);
  if (typeof lock === 'string') return { kind: 'failed', reason: lock };
  if (lock !== undefined && !isGone(lock.owner, lock.heartbeat))
    return { kind: 'under way', owner: describeOwner(lock.owner) };
  const reason = readFailure(directory);
  return reason === undefined ? { kind: 'unfinished' } : { kind: 'failed', reason };
}

/** @returns the run's lock, or nothing if there is none; what is wrong with the file if it is no lock */
function lookAtLock(directory: string): FoundLock | string | undefined {
  try {
    return readLock(join(directory, RUN_FILES.lock));
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** The message with which a session begins its training in the log of a run. */
export const TRAINING_BEGINS = 'training begins';

/**
 * How many sessions before now began to train a run and were cut off, one after another, before they left a checkpoint or said
 * how they ended: killed outright, most often for lack of memory.
 */
export function countCutOffs(directory: string): number {
  // A warning does not say how a session went on.
  const entries = readLogEntries(directory, LONGEST_LINE).filter((entry) => entry && !isWarning(entry));
  const lastSign = entries.findLastIndex((entry) => entry?.msg !== TRAINING_BEGINS);
  return entries.length - 1 - lastSign;
}

/** The message of the error that a log ends with, if it ends with one. */
function readFailure(directory: string): string | undefined {
  const last = readLogEntries(directory, LONGEST_LINE).at(-1);
  if (!isError(last)) return undefined;
  return toOneLine(String(last?.err?.message ?? 'unknown').split('\n')[0] ?? '');
}
