/** @file Folders for half-done work beside a cache: on the same disk, gone afterwards, never taken for the cache. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { makeDirectory } from '../files/directories.ts';
import { formatMegabytes } from '../format.ts';
import { identifySelf, isRunning } from '../locks/processes.ts';

const PREFIX = '.fetch-';

/** Milliseconds after which a folder counts as abandoned if its process runs on another machine, where td cannot look for it. */
const LONGEST_WORK = 24 * 3_600_000;

/**
 * Runs work in a folder of its own, which is removed when the work or the process ends. If the process is killed
 * outright, the next call on the same machine removes it, and a call on another one a day later.
 *
 * @param folder made if it is missing; the work's folder lies in it
 * @param space bytes that the work needs
 * @throws UserError if the folder cannot be made or the disk has less space
 */
export async function inWorkplace<T>(
  folder: string,
  space: number,
  work: (workplace: string) => Promise<T>,
): Promise<T> {
  const workplace = prepare(folder, space);
  const remove = () => rmSync(workplace, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await work(workplace);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new UserError(
      `the disk of ${folder} is full; ${formatMegabytes(space)} are needed; the environment variable TD_DATA names another folder`,
    );
  } finally {
    process.off('exit', remove);
    remove();
  }
}

function prepare(folder: string, space: number): string {
  try {
    makeDirectory(folder);
    removeAbandoned(folder);
    requireSpace(folder, space);
    return mkdtempSync(join(folder, `${ownName()}-`));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `cannot write to ${folder}: ${(error as Error).message}; the environment variable TD_DATA names another folder`,
    );
  }
}

function requireSpace(folder: string, space: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= space) return;
  throw new UserError(
    `the disk of ${folder} has ${formatMegabytes(bavail * bsize)} free, expected at least ${formatMegabytes(space)}; the environment variable TD_DATA names another folder`,
  );
}

/** A name that says which process the folder belongs to, from the moment at which it exists: `.fetch-<pid>-<start>-<where>`. */
function ownName(): string {
  const { pid, processStart = '' } = identifySelf();
  return `${PREFIX}${pid}-${processStart}-${ownSpace()}`;
}

/** Process numbers mean something on one machine and in one container only, and the folder may be shared by several. */
function ownSpace(): string {
  const { host, processSpace } = identifySelf();
  return createHash('sha256').update(`${host} ${processSpace}`).digest('hex').slice(0, 12);
}

function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(PREFIX) && isAbandoned(folder, name))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isAbandoned(folder: string, name: string): boolean {
  const [pid, start, space] = name.slice(PREFIX.length).split('-');
  if (space === ownSpace()) return !isRunning({ pid: Number(pid), processStart: start || undefined });
  const stats = statSync(join(folder, name), { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > LONGEST_WORK;
}
