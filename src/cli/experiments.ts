/** @file What commands ask of their arguments before they do anything: experiment files and the results folder. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Experiment } from '../config/experiment.ts';
import { type LoadOptions, loadExperiment } from '../config/load.ts';
import { UserError } from '../errors.ts';
import { lookAt } from '../files/read.ts';
import { DEFAULT_RESULTS } from './options.ts';

/**
 * Loads experiment files.
 *
 * @throws UserError for a mistake in one, or if two have one name and so would share a results folder
 */
export function loadExperiments(files: readonly string[], options: LoadOptions = {}): Experiment[] {
  const experiments = files.map((file) => loadExperiment(file, options));
  const seen = new Map<string, string>();
  for (const { name, path } of experiments) {
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      throw new UserError(`${earlier} and ${path} are both named "${name}", expected each experiment once`);
    }
    seen.set(name, path);
  }
  return experiments;
}

/**
 * Refuses a results folder that cannot be one.
 *
 * @throws UserError if it or a folder above it is a file, nothing can have its name, or if `access` is `write` and nothing
 *   can be written there
 */
export function requireResultsFolder(folder: string, access: 'read' | 'write'): void {
  if (folder === '') throw new UserError('--results is empty, expected a folder');
  lookAt(folder);
  const nearest = findExisting(resolve(folder));
  if (!statSync(nearest).isDirectory()) {
    const subject = nearest === resolve(folder) ? 'is a file' : `lies below the file ${nearest}`;
    throw new UserError(`--results: ${folder} ${subject}, expected a folder`);
  }
  if (access === 'write' && !canWrite(nearest)) {
    throw new UserError(`--results: ${folder} cannot be written to, expected a folder that can`);
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

/** A command as the user would type it next: `td sweep a.yaml --results elsewhere`. */
export function wordCommand(command: string, files: readonly string[], results: string): string {
  return wordCommandLine([command, ...files, ...(results === DEFAULT_RESULTS ? [] : ['--results', results])]);
}

/** What follows `td` on a command line, as the user would type it. */
export function wordCommandLine(words: readonly string[]): string {
  return ['td', ...words].map(quote).join(' ');
}

/** A word as a shell takes it for one. */
function quote(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
