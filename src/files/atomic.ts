/** @file Writing files so that a reader, or a crash, never sees half of one. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Names of the files that `writeFileAtomic` works on: `.metrics.csv.<UUID>.tmp`. */
const TEMPORARY = /^\..+\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/**
 * Writes a file under a temporary name in its own folder, syncs it, renames it over the old one and syncs the folder
 * where the file system can. The folder must be there: somebody who takes a folder of results away while it is worked in
 * must not find a new one in its place.
 *
 * @throws Error of the file system; the old file is then untouched and the temporary one removed
 */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    writeNewFile(temporary, data);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw nameFile(error as NodeJS.ErrnoException, path);
  }
  syncDirectory(directory);
}

/** Puts the path that the user knows into an error: writing has a descriptor only, and renaming a temporary name. */
export function nameFile(error: NodeJS.ErrnoException, path: string): Error {
  error.path = path;
  return error;
}

/** Renames a file within a folder and makes the new name durable. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(dirname(to));
}

/**
 * Writes a file that must not exist yet, and syncs it.
 *
 * @throws Error of the file system, EEXIST among them; part of the file may then be there
 */
export function writeNewFile(path: string, data: string | Uint8Array): void {
  const descriptor = openSync(path, 'wx');
  try {
    writeFileSync(descriptor, data);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether a file is one that a writer works on, or left when it was killed. */
export function isTemporaryFile(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Removes what writers that were killed left half-written in a folder. Only its present owner may do so. */
export function removeTemporaries(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (isTemporaryFile(name)) rmSync(join(directory, name), { force: true });
  }
}

/**
 * Makes a rename survive a power cut, where that can be asked for: Windows cannot open folders and orders renames by
 * itself, and file systems of networks and of programs (CIFS, FUSE, vboxsf) refuse with an error of their own choice. The
 * file is there either way.
 */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  try {
    const descriptor = openSync(directory, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {}
}
