/** @file Reading files after a look at what they are: a pipe would never end, and a huge file would take all memory. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, type Stats, statSync } from 'node:fs';
import { UserError } from '../errors.ts';

/** Error codes of names that no file can have. */
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
  if (!requireBounded(path, largest)) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    // It was removed since it was looked at.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * @param length bytes that are wanted
 * @returns the last bytes of a file, fewer if it has fewer, none if there is no such file
 */
export function readEnd(path: string, length: number): Buffer {
  // The file may grow without bounds, so that only what is wanted is read.
  if (!lookAt(path)?.isFile()) return Buffer.alloc(0);
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, length));
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(descriptor);
  }
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
