/** @file Folders for half-done work beside a cache: on the same disk, gone afterwards, never taken for the cache. */
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { makeDirectory } from '../files/directories.ts';
import { megabytes } from './words.ts';

const PREFIX = '.fetch-';

/**
 * Runs work in a folder of its own, which is removed when the work or the process ends. If the process is killed
 * outright, the next call on the same machine removes it.
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
      `the disk of ${folder} is full; ${megabytes(space)} are needed; the environment variable TD_DATA names another folder`,
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
    return mkdtempSync(join(folder, `${ownPrefix()}${process.pid}-`));
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
    `the disk of ${folder} has ${megabytes(bavail * bsize)} free, expected at least ${megabytes(space)}; the environment variable TD_DATA names another folder`,
  );
}

/** Process numbers mean something on one machine only, and the folder may be shared by several. */
function ownPrefix(): string {
  return `${PREFIX}${hostname().replaceAll(/[^a-z0-9]/gi, '')}-`;
}

function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(ownPrefix())) continue;
    const owner = Number.parseInt(name.slice(ownPrefix().length), 10);
    if (!isAlive(owner)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(processNumber: number): boolean {
  try {
    process.kill(processNumber, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
