/** @file Folders. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it, unless they are there.
 *
 * @throws Error of the file system, which names the folder as it was given
 */
export function makeDirectory(path: string): void {
  try {
    makeWithParents(resolve(path));
  } catch (error) {
    throw Object.assign(error as NodeJS.ErrnoException, { path });
  }
}

/**
 * Node's own recursive mkdir never ends where the system says ENOENT though the folder above is there: in /proc, behind a
 * dangling link, in a working folder that was removed. Here each folder is tried once, and once more below a new parent.
 */
function makeWithParents(path: string): void {
  if (isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path && !isDirectory(parent)) makeWithParents(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isDirectory(path)) throw error;
  }
}

/** A path that cannot be looked at counts as no folder: the attempt to make it then says what is wrong. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
