/** @file What commands ask of their arguments before they do anything: experiment files and the results folder. */
import { accessSync, constants, lstatSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Experiment, RunSpec } from '../config/experiment.ts';
import { type LoadOptions, loadExperiment } from '../config/load.ts';
import { UserError } from '../errors.ts';
import { lookAt } from '../files/read.ts';
import { runDirectory } from '../runs/directory.ts';

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
 * @throws UserError if it or a folder above it is a file or a link that leads nowhere, nothing can have its name, or if
 *   `access` is `write` and its permissions forbid it
 */
export function requireResultsFolder(folder: string, access: 'read' | 'write'): void {
  if (folder === '') throw new UserError('--results is empty, expected a folder');
  lookAt(folder);
  const path = resolve(folder);
  const nearest = findExisting(path);
  if (!statSync(nearest).isDirectory()) {
    const subject = nearest === path ? 'is a file' : `lies below the file ${nearest}`;
    throw new UserError(`--results: ${folder} ${subject}, expected a folder`);
  }
  const link = findDanglingLink(path);
  if (link !== undefined) {
    const subject = link === path ? 'is a link' : `lies behind the link ${link}`;
    throw new UserError(`--results: ${folder} ${subject} that leads nowhere, expected a folder`);
  }
  if (access === 'write' && !canWrite(nearest))
    throw new UserError(`--results: ${folder} cannot be written to, expected a folder that can`);
}

/**
 * Makes a folder and takes it away. Permissions do not tell: in /proc the administrator may write, and nothing can be made.
 * Called when nothing else is wrong, since it leaves a trace: the folder's time.
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

/** Of the files in a run's folder: that of a checkpoint while it is written. */
const LONGEST_NAME = `.checkpoint.previous.safetensors.${'0'.repeat(36)}.tmp`;

/**
 * Refuses runs whose folders would have names or paths longer than the system takes.
 *
 * @throws UserError naming the first
 */
export function requireRunFolders(runs: readonly RunSpec[], results: string): void {
  for (const run of runs) {
    try {
      statSync(join(resolve(runDirectory(results, run)), LONGEST_NAME));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') continue;
      throw new UserError(
        `the folder of run ${run.id} would have a longer path than this system takes, expected shorter names of --results, experiment or variant`,
      );
    }
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
