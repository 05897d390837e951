/** @file Reading whole files, after a look at what they are: a pipe would never end, and a huge one would take all memory. */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { UserError } from '../errors.ts';

/** Errors of a name for which there cannot be a file. */
const NO_NAMES = ['ENAMETOOLONG', 'ELOOP', 'ERR_INVALID_ARG_VALUE'];

/**
 * Reads a whole file.
 *
 * @param largest bytes that it may have
 * @returns nothing if there is no such file
 * @throws UserError if it is a folder, a device or a pipe, or larger, or no file can have this name
 * @throws Error of the file system if it cannot be read
 */
export function readBoundedFile(path: string, largest: number): Buffer<ArrayBuffer> | undefined {
  return requireBounded(path, largest) ? readFileSync(path) : undefined;
}

/**
 * Refuses what cannot be read as a file of at most that size.
 *
 * @returns whether there is anything
 * @throws as `readBoundedFile`
 */
export function requireBounded(path: string, largest: number): boolean {
  const status = lookAt(path);
  if (status === undefined) return false;
  if (!status.isFile()) throw new UserError(`${path} is not a file`);
  if (status.size <= largest) return true;
  throw new UserError(`${path} holds ${status.size} bytes, expected at most ${largest}`);
}

/**
 * @returns what is at a path; nothing if nothing is
 * @throws as `readBoundedFile`
 */
export function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (NO_NAMES.includes(code)) throw new UserError(`"${path}" cannot be the name of a file (${code})`);
    throw error;
  }
}
