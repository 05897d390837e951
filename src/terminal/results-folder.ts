/** @file What commands ask of the results folder before they do anything. */
import { accessSync, constants, lstatSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { lookAt } from '../files/read.ts';

/**
 * Refuses a results folder that cannot be one.
 *
 * @param flag that names it
 * @throws UserError if it or a folder above it is a file or a link that leads nowhere, nothing can have its name, or if
 *   `access` is `write` and its permissions forbid it
 */
export function requireResultsFolder(folder: string, access: 'read' | 'write', flag = '--results'): void {
  if (folder === '') throw new UserError(`${flag} is empty, expected a folder`);
  lookAt(folder);
  const path = resolve(folder);
  const nearest = findExisting(path);
  if (!statSync(nearest).isDirectory()) {
    const subject = nearest === path ? 'is a file' : `lies below the file ${nearest}`;
    throw new UserError(`${flag}: ${folder} ${subject}, expected a folder`);
  }
  const link = findDanglingLink(path);
  if (link !== undefined) {
    const subject = link === path ? 'is a link' : `lies behind the link ${link}`;
    throw new UserError(`${flag}: ${folder} ${subject} that leads nowhere, expected a folder`);
  }
  if (access === 'write' && !canWrite(nearest))
    throw new UserError(`${flag}: ${folder} cannot be written to, expected a folder that can`);
}

/**
 * Makes a folder in the results folder and removes it again, since permissions do not say everything: in /proc the administrator
 * may write, yet nothing can be made. It changes when the folder was last modified, so it is called when nothing else is wrong.
 *
 * @throws UserError if nothing can be made in a results folder
 */
export function tryResultsFolder(folder: string): void {
  try {
    rmdirSync(mkdtempSync(join(findExisting(resolve(folder)), '.td-')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(`--results: ${folder} cannot be written to (${code}), expected a folder that can`);
  }
}

/** The link on the way to a path that leads nowhere, if there is one. */
function findDanglingLink(path: string): string | undefined {
  const nearest = findExisting(path);
  if (nearest === path) return undefined;
  let next = path;
  while (dirname(next) !== nearest) next = dirname(next);
  try {
    return lstatSync(next).isSymbolicLink() ? next : undefined;
  } catch {
    return undefined;
  }
}

/** The path itself or the nearest one above it that exists. */
export function findExisting(path: string): string {
  try {
    statSync(path);
    return path;
  } catch {
    return dirname(path) === path ? path : findExisting(dirname(path));
  }
}

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
