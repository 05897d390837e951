/** @file Fingerprints that were computed before, by what the files under a path were then: paths, sizes, times. */
import { createHash } from 'node:crypto';
import { type BigIntStats, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../files/atomic.ts';
import { cacheFolder } from '../files/cache-folder.ts';
import { makeDirectory } from '../files/directories.ts';
import { readBoundedFile } from '../files/read.ts';
import type { ImageShape } from './types.ts';

/** Which images lie under a path. */
export interface DataIdentity {
  readonly fingerprint: string;
  readonly imageShape: ImageShape;
  readonly classes: number;
}

/** What files under a path are, without reading them. */
export interface Stamp {
  readonly digest: string;
  /** When the last of them changed, in milliseconds since 1970. */
  readonly changed: number;
}

/** Another number for another meaning of fingerprints or of what is decoded. */
const VERSION = 1;

/** Files and folders; with more, or deeper ones, it is no folder of a data set, and is not remembered. */
const MOST_ENTRIES = 1000;
const DEEPEST = 4;

/** File systems keep times to two seconds at worst: within them a file can change again and look the same. */
const UNCERTAIN_MILLISECONDS = 3000;

const LARGEST_ENTRY = 2 ** 16;

const count = z.int().positive();
const entrySchema = z.object({
  stamp: z.string(),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  imageShape: z.tuple([count, count, count]),
  classes: count,
});

/**
 * @param path may also be the beginning of the names of files in a folder: that folder is looked at then
 * @returns nothing if nothing is there, or more than can be looked at
 */
export function stampOf(path: string): Stamp | undefined {
  try {
    const entries: Entry[] = [];
    listEntries(existsSync(path) ? path : dirname(path), '', 0, entries);
    const lines = entries.map(([name, { dev, ino, size, mtimeNs, ctimeNs }]) =>
      [name, dev, ino, size, mtimeNs, ctimeNs].join(' '),
    );
    const times = entries.flatMap(([, { mtimeMs, ctimeMs }]) => [Number(mtimeMs), Number(ctimeMs)]);
    const digest = createHash('sha256').update(JSON.stringify(lines)).digest('hex');
    return { digest, changed: Math.max(...times) };
  } catch {
    return undefined;
  }
}

/** Its path below the one that is looked at, and what it is. */
type Entry = readonly [string, BigIntStats];

/** Adds a file, or a folder and what is in it; links are followed. */
function listEntries(root: string, name: string, depth: number, entries: Entry[]): void {
  const path = join(root, name);
  const stats = statSync(path, { bigint: true });
  entries.push([name, stats]);
  if (!stats.isDirectory()) return;
  const names = readdirSync(path).sort();
  if (entries.length + names.length > MOST_ENTRIES || depth === DEEPEST)
    throw new Error('no folder of a data set');
  for (const inner of names) listEntries(root, join(name, inner), depth + 1, entries);
}

/** @returns nothing if it is not known what lies there now */
export function recallIdentity(dataset: string, path: string, stamp: Stamp): DataIdentity | undefined {
  try {
    const text = readBoundedFile(entryPath(dataset, path), LARGEST_ENTRY)?.toString('utf8');
    const entry = entrySchema.parse(JSON.parse(text ?? ''));
    return entry.stamp === stamp.digest ? entry : undefined;
  } catch {
    // Whatever is wrong with it, it is computed anew.
    return undefined;
  }
}

/** Does nothing where nothing can be kept, or files changed so lately that they could change again unseen. */
export function rememberIdentity(dataset: string, path: string, stamp: Stamp, identity: DataIdentity): void {
  if (stamp.changed > Date.now() - UNCERTAIN_MILLISECONDS) return;
  const { fingerprint, imageShape, classes } = identity;
  const entry = { path, stamp: stamp.digest, fingerprint, imageShape, classes };
  try {
    const file = entryPath(dataset, path);
    makeDirectory(dirname(file));
    writeFileAtomic(file, `${JSON.stringify(entry)}\n`);
  } catch {}
}

function entryPath(dataset: string, path: string): string {
  const key = createHash('sha256')
    .update(JSON.stringify([VERSION, dataset, path]))
    .digest('hex');
  return join(cacheFolder(), 'fingerprints', `${key.slice(0, 32)}.json`);
}
