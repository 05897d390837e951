/** @file Why a run is not finished: somebody trains it now, it failed, or it was cut off (`unfinished`). */
import { join } from 'node:path';
import { toOneLine, UserError } from '../errors.ts';
import { readEnd } from '../files/json.ts';
import { type FoundLock, readLock } from '../locks/lock-file.ts';
import { isGone, wordOwner } from '../locks/owner.ts';
import { RUN_FILES } from './directory.ts';

export type Condition =
  | { readonly kind: 'under way'; readonly owner: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'unfinished' };

/** The level of errors in pino's logs. */
const ERROR_LEVEL = 50;

/** Bytes at the end of a log that are looked at: more than its last line has, an error with its stack. */
const LONGEST_LINE = 2 ** 16;

/** The condition of a run without a summary. */
export function conditionOf(directory: string): Condition {
  const lock = lookAtLock(directory);
  if (typeof lock === 'string') return { kind: 'failed', reason: lock };
  if (lock !== undefined && !isGone(lock.owner, lock.heartbeat))
    return { kind: 'under way', owner: wordOwner(lock.owner) };
  const reason = readFailure(join(directory, RUN_FILES.log));
  return reason === undefined ? { kind: 'unfinished' } : { kind: 'failed', reason };
}

/** @returns what is wrong with it, if it is no file of a lock */
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

/** The level of warnings, which say nothing of how a session went on. */
const WARNING_LEVEL = 40;

/**
 * How many sessions before now began to train a run and were cut off, one after another, before they left a checkpoint or said
 * how they ended: killed outright, most often for lack of memory.
 */
export function countCutOffs(directory: string): number {
  const entries = readEntries(join(directory, RUN_FILES.log)).filter(({ level }) => level !== WARNING_LEVEL);
  const lastSign = entries.findLastIndex(({ msg }) => msg !== TRAINING_BEGINS);
  return entries.length - 1 - lastSign;
}

/** The message of the error that a log ends with, if it ends with one. */
function readFailure(path: string): string | undefined {
  const entry = readEntries(path, { isLast: true }).at(-1);
  if (entry?.level !== ERROR_LEVEL) return undefined;
  return toOneLine(String(entry.err?.message ?? 'unknown').split('\n')[0] ?? '');
}

interface LogEntry {
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly err?: { readonly message?: unknown };
}

/** The last lines of a log. A line that was cut off by a crash tells nothing. */
function readEntries(path: string, { isLast = false } = {}): LogEntry[] {
  const lines = readEnd(path, LONGEST_LINE).toString('utf8').trimEnd().split('\n');
  return (isLast ? lines.slice(-1) : lines).flatMap((line) => {
    try {
      const entry: unknown = JSON.parse(line);
      return typeof entry === 'object' && entry !== null ? [entry as LogEntry] : [];
    } catch {
      return [];
    }
  });
}
