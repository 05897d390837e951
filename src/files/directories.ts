/** @file Folders. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Makes a folder, and those above it, unless they are there.
 *
 * @throws Error of the file system, which names the folder as it was given
 */
export function makeDirectory(path: string): void {
  // In a working folder that was removed, Node would try to make a relative path for ever.
  try {
    mkdirSync(resolve(path), { recursive: true });
  } catch (error) {
    throw Object.assign(error as NodeJS.ErrnoException, { path });
  }
}
