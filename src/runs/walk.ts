/** @file Walking a results folder: experiments, and the folders of runs below them. Links to folders are followed. */
import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { suggest, UserError } from '../errors.ts';
import { compareNaturally } from '../order.ts';
import type { RunIdentity } from './directory.ts';

/** Folder in a results folder with a folder for each plan that was submitted to Slurm. */
export const SLURM_FOLDER = 'slurm';

/** Where a run lies. */
export interface RunPlace {
  /** As the folder's name has it, with the first 8 digits of the hash. */
  readonly identity: RunIdentity;
  readonly directory: string;
}

export interface Walked {
  /** Ordered naturally by experiment, variant, seed and hash. */
  readonly places: readonly RunPlace[];
  /** Paths that should be folders and cannot be read, each with the reason: `results/lost+found (EACCES)`. */
  readonly passedOver: readonly string[];
}

/**
 * Names of the folders in a results folder, in natural order: experiments, and whatever else lies there.
 *
 * @throws UserError if it is a file
 */
export function listExperiments(resultsDirectory: string): string[] {
  return listFolders(resultsDirectory, []).toSorted(compareNaturally);
}

/**
 * Finds the folders of runs. Everything else in the results folder is passed over.
 *
 * @param experiments only these; all if absent
 * @throws UserError if the results folder is a file
 */
export function walkResults(resultsDirectory: string, experiments?: readonly string[]): Walked {
  const passedOver: string[] = [];
  const places = listFolders(resultsDirectory, passedOver, experiments).flatMap((experiment) => {
    const folder = join(resultsDirectory, experiment);
    return listFolders(folder, passedOver).flatMap((variant) => {
      const runs = listFolders(join(folder, variant), passedOver);
      return runs.flatMap((name) => placeOf(join(folder, variant), name, experiment, variant));
    });
  });
  return { places: places.sort(comparePlaces), passedOver };
}

/** A seed of more digits could not be read exactly. */
const RUN_FOLDER = /^seed-(0|[1-9]\d{0,15})-([0-9a-f]{8})$/;

function placeOf(folder: string, name: string, experiment: string, variant: string): RunPlace[] {
  const [, seed, hash] = RUN_FOLDER.exec(name) ?? [];
  if (seed === undefined || hash === undefined) return [];
  return [{ identity: { experiment, variant, seed: Number(seed), hash }, directory: join(folder, name) }];
}

/** @throws UserError if one of the experiments has no run in the results folder */
export function requireExperiments(
  names: readonly string[],
  { places }: Walked,
  resultsDirectory: string,
): void {
  const experiments = [...new Set(places.map(({ identity }) => identity.experiment))];
  const unknown = names.find((name) => !experiments.includes(name));
  if (unknown !== undefined)
    throw new UserError(
      `${resultsDirectory} holds no experiment "${unknown}"${suggest(unknown.replace(/^.*[\\/]|\.ya?ml$/g, ''), experiments)}`,
    );
}

/** The order of runs in lists. */
export function comparePlaces(
  { identity: a }: Pick<RunPlace, 'identity'>,
  { identity: b }: Pick<RunPlace, 'identity'>,
): number {
  return (
    compareNaturally(a.experiment, b.experiment) ||
    compareNaturally(a.variant, b.variant) ||
    a.seed - b.seed ||
    compareNaturally(a.hash, b.hash)
  );
}

/**
 * @param passedOver receives the folders that cannot be read
 * @param names of the folders to list; all if absent
 */
function listFolders(directory: string, passedOver: string[], names?: readonly string[]): string[] {
  return readEntries(directory, passedOver)
    .filter(({ name }) => /^[^/\\.][^/\\]*$/.test(name) && (names?.includes(name) ?? true))
    .filter((entry) => {
      const problem = problemOf(directory, entry);
      if (typeof problem === 'string') passedOver.push(`${join(directory, entry.name)} (${problem})`);
      return problem === undefined;
    })
    .map(({ name }) => name);
}

function readEntries(directory: string, passedOver: string[]): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new UserError(`${directory} is a file, expected a results folder`);
    passedOver.push(`${directory} (${code})`);
    return [];
  }
}

/** @returns nothing for a folder that can be read, `null` for something that need not be a folder, else why it cannot be read */
function problemOf(directory: string, entry: Dirent): string | null | undefined {
  const path = join(directory, entry.name);
  if (entry.isDirectory()) return undefined;
  const isExpected = RUN_FOLDER.test(entry.name);
  if (!entry.isSymbolicLink()) return isExpected ? 'it is a file' : null;
  try {
    if (!statSync(path).isDirectory()) return isExpected ? 'it is a file' : null;
    const [from, to] = [realpathSync(directory), realpathSync(path)];
    return `${from}${sep}`.startsWith(`${to}${sep}`) ? 'a link to a folder above it' : undefined;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'a link that leads nowhere' : code;
  }
}
