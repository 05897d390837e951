/** @file Where an exported network goes, and how it gets there whole. */
import { accessSync, constants, mkdtempSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { makeDirectory } from '../files/directories.ts';
import { lookAt } from '../files/read.ts';
import type { ExportedFile, ExportFormat } from './formats/types.ts';

/** Files that an export into a folder may have left there. */
const OWN = /^(model\.json|weights\.[0-9a-f]{8}\.bin)$/;

/**
 * Refuses a place where an export cannot be written, before any work is done.
 *
 * @throws UserError if a file is there where a folder should be or the other way round, a folder holds other files, or nothing can be
 *   written
 */
export function requireExportPlace(path: string, format: ExportFormat): void {
  if (path === '') throw new UserError('--out is empty, expected a path');
  const status = lookAt(path);
  if (format.extension === undefined) {
    if (status !== undefined && !status.isDirectory())
      throw new UserError(`--out: ${path} is a file, expected a folder for ${format.name}`);
    const foreign = status === undefined ? undefined : readdirSync(path).find((name) => !OWN.test(name));
    if (foreign !== undefined)
      throw new UserError(`--out: the folder ${path} holds other files ("${foreign}"), expected one for this export alone`); // biome-ignore format: one sentence
  } else if (status?.isDirectory() || /[\\/]$/.test(path))
    throw new UserError(`--out: ${path} is a folder, expected a file`);
  if (status !== undefined && !status.isFile() && !status.isDirectory())
    throw new UserError(`--out: ${path} is a device or a pipe, expected a file or the name of a new one`);
  const nearest = findFolder(status?.isDirectory() ? resolve(path) : dirname(resolve(path)));
  if (!lookAt(nearest)?.isDirectory())
    throw new UserError(`--out: ${path} lies below the file ${nearest}, expected a folder there`);
  if (!takesFiles(nearest) || (status?.isFile() && !isWritable(path)))
    throw new UserError(`--out: ${path} cannot be written to, expected a path that can`);
}

/** The path itself or the nearest one above it that is there. */
function findFolder(path: string): string {
  return lookAt(path) !== undefined || dirname(path) === path ? path : findFolder(dirname(path));
}

/** Permissions do not say everything: in /proc the administrator may write, yet nothing can be made. */
function takesFiles(folder: string): boolean {
  try {
    rmdirSync(mkdtempSync(join(folder, '.td-')));
    return true;
  } catch {
    return false;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes each file whole or not at all. Of a folder the last file names the others, so that a reader finds the old export or the
 * new one.
 */
export function writeExport(path: string, files: readonly ExportedFile[], format: ExportFormat): void {
  const isFolder = format.extension === undefined;
  makeDirectory(isFolder ? path : dirname(resolve(path)));
  // A link stays, and the file that it leads to is replaced.
  const place = lookAt(path) === undefined ? path : realpathSync(path);
  for (const { name, bytes } of files) writeFileAtomic(isFolder ? join(place, name) : place, bytes);
  if (!isFolder) return;
  for (const name of readdirSync(path))
    if (OWN.test(name) && !files.some((file) => file.name === name)) rmSync(join(path, name));
}
