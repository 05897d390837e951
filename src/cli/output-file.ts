/** @file Refuses files to be written that cannot be, before anything is done for them. */
import { dirname, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { lookAt } from '../files/read.ts';
import { findExisting } from './experiments.ts';

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
