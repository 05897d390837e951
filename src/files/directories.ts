/** @file Folders. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Makes a folder, and those above it, unless they are there.
 *
 * @throws Error of the file system
 */
export function makeDirectory(path: string): void {
  // In a working folder that was removed, Node would try to make a relative path for ever.
  mkdirSync(resolve(path), { recursive: true });
}
