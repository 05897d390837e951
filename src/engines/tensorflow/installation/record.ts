/** @file What td remembers of an installation: the file installation.json in its folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../../../errors.ts';
import { RECORD_NAME } from './paths.ts';

const recordSchema = z.object({
  /** Counted up when an older installation would not do any more. */
  format: z.literal(1),
  /** Where it was built, as Node names it: `linux-x64`. A cache folder may be shared by machines of several kinds. */
  platform: z.string(),
  /** TensorFlow's version: `2.21.0`. */
  version: z.string(),
  build: z.enum(['cpu', 'gpu']),
  /** Folder of the two libraries; relative to that of the installation where they are td's own. */
  libraries: z.string(),
  /** Bytes of the larger library: another number tells that a Python's TensorFlow was replaced. */
  libraryBytes: z.int().positive(),
  source: z.discriminatedUnion('kind', [
    /** Wheels that td fetched through the pip of a Python, by name, or one that the user named by path. */
    z.object({ kind: z.literal('wheel'), wheels: z.array(z.string()), python: z.string() }),
    /** A TensorFlow that was there, of a Python or in a folder that the user named. */
    z.object({ kind: z.literal('folder'), owner: z.string() }),
  ]),
  compiler: z.string(),
  tfjsNode: z.string(),
  /** What td's own sources of the native modules were, as `hashOwnSources` tells; absent where an earlier version of td built them. */
  ownSources: z.string().optional(),
  /** ISO 8601, UTC. */
  installed: z.iso.datetime(),
  /** What the self-test found. */
  selfTest: z.object({
    devices: z.array(z.string()).min(1),
    seconds: z.number(),
    largestDifference: z.number(),
  }),
  /** Why a graphics card that is there is not used, in a sentence. */
  cardNote: z.string().optional(),
});

export type InstallationRecord = z.output<typeof recordSchema>;

/**
 * @returns nothing if there is no record
 * @throws Error if there is one that cannot be read or understood
 */
export function readRecord(folder: string): InstallationRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(join(folder, RECORD_NAME), 'utf8')));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
