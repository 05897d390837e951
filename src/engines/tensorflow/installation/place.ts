/** @file The place of an installation: one process at a time works there, and finds it tidy. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { BusyError, codeOf, UserError } from '../../../errors.ts';
import { type Lock, takeLock } from '../../../locks/lock.ts';
import { besides } from './paths.ts';

/**
 * Runs work that no other process does at the same time, on a tidy place.
 *
 * @param say told in a sentence what is waited for
 * @throws BusyError if another process is at it
 * @throws UserError if the folder cannot be written
 */
export async function holdingLock<T>(
  folder: string,
  say: (sentence: string) => void,
  signal: AbortSignal | undefined,
  work: (lock: Lock) => Promise<T>,
): Promise<T> {
  const lock = await take(folder, say, signal);
  try {
    tidyUp(folder);
    return await work(lock);
  } finally {
    lock.release();
  }
}

async function take(folder: string, say: (sentence: string) => void, signal?: AbortSignal): Promise<Lock> {
  let lock: Awaited<ReturnType<typeof takeLock>>;
  try {
    lock = await takeLock(besides(folder).lock, signal, say);
  } catch (error) {
    const code = codeOf(error);
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code)) throw error;
    throw new UserError(
      `cannot write to ${dirname(folder)} (${code}); the environment variable TD_CACHE puts td's cache elsewhere`,
    );
  }
  if ('release' in lock) return lock;
  throw new BusyError(
    `${folder} is being installed by ${lock.owner}; when that is done, the same command finds it`,
  );
}

/** Removes what an installation that was killed left half-done, and puts back what it had set aside. */
function tidyUp(folder: string): void {
  const { work, former } = besides(folder);
  if (existsSync(former) && !existsSync(folder)) renameSync(former, folder);
  remove(work, former);
}

export function remove(...paths: readonly string[]): void {
  // A pip whose td was killed may still write there for a moment.
  for (const path of paths) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

/** Whether a folder is there with nothing in it. */
export function isEmpty(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length === 0;
}
