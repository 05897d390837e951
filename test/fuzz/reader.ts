/** @file What every reader under test has in common. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Reader {
  readonly name: string;
  /** Puts good files into an empty folder. @returns the path of the one that is to be changed */
  prepare(folder: string): string;
  /**
   * Reads it, changed. What it returns must be as good as from a good file; it may throw a UserError.
   *
   * @param path as `prepare` returned it
   */
  read(path: string): unknown;
  /** It reads on whatever befell the file, as documented, and need not refuse any. */
  readonly isForgiving?: true;
}

/** A reader of bytes, whatever file they come from. */
export function ofBytes(name: string, good: Buffer, read: (bytes: Buffer, path: string) => void): Reader {
  return {
    name,
    prepare: (folder) => put(folder, 'input', good),
    read: (path) => read(readFileSync(path), path),
  };
}

/** A reader that is given the path. */
export function ofFile(
  name: string,
  file: string,
  good: string | Buffer,
  read: (path: string) => unknown,
): Reader {
  return { name, prepare: (folder) => put(folder, file, good), read };
}

/** Writes a file below a folder. @returns its path */
export function put(folder: string, file: string, content: string | Uint8Array): string {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}
