/** @file Files that flags name: checked before any work is done, and written where their paths point. */
import { dirname, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { lookAt } from '../files/read.ts';
import { print } from './output.ts';
import { printLine } from './progress.ts';
import { findExisting } from './results-folder.ts';
import { writeOutput } from './write-output.ts';

/**
 * @param flag that names the file: `--out`
 * @param path nothing if the flag is not given
 * @throws UserError if it is no name of a file, a folder is there, or what should be its folder is a file
 */
export function requireOutputFile(flag: string, path: string | undefined): void {
  if (path === undefined) return;
  if (path === '') throw new UserError(`${flag} is empty, expected a file`);
  if (lookAt(path)?.isDirectory() || /[\\/]$/.test(path))
    throw new UserError(`${flag}: ${path} is a folder, expected a file`);
  const nearest = findExisting(dirname(resolve(path)));
  if (!lookAt(nearest)?.isDirectory())
    throw new UserError(`${flag}: ${path} lies below the file ${nearest}, expected a folder there`);
}

/**
 * Writes where a flag points: a file, a link, a pipe, a device.
 *
 * @param notice printed if a file was written; what went elsewhere may be standard output itself
 * @throws as `writeOutput`
 */
export async function writeNamed(path: string, text: string, notice?: string): Promise<void> {
  const isFile = await writeOutput(path, text, printLine);
  if (isFile && notice !== undefined) print(notice);
}
