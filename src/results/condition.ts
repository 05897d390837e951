/** @file Why a run is not finished: somebody trains it now, it failed, or it was cut off (`unfinished`). */
import { join } from 'node:path';
import { toOneLine, UserError } from '../errors.ts';
import { readEnd } from './files.ts';
import { type FoundLock, readLock } from './lock-file.ts';
import { isGone, wordOwner } from './lock-owner.ts';
import { RUN_FILES } from './run-directory.ts';

export type Condition =
  | { readonly kind: 'under way'; readonly owner: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'unfinished' };

/** The level of errors in pino's logs. */
const ERROR_LEVEL = 50;

/** Bytes that the last line of a log may have: an error with its stack. */
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

/** The message of the error that a log ends with, if it ends with one. */
function readFailure(path: string): string | undefined {
  const last = readEnd(path, LONGEST_LINE).toString('utf8').trimEnd().split('\n').at(-1);
  try {
    const entry = JSON.parse(last ?? '') as { level?: unknown; err?: { message?: unknown } };
    if (entry.level !== ERROR_LEVEL) return undefined;
    return toOneLine(String(entry.err?.message ?? 'unknown').split('\n')[0] ?? '');
  } catch {
    // A line that was cut off by a crash names no failure.
    return undefined;
  }
}
