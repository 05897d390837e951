/** @file What `datasets/<name>.yaml` says of a data set: where it comes from, its form, its licence, its hashes. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { DatasetSettings } from '../config/schema.ts';

const count = z.int().positive();

const pinnedFile = z.strictObject({
  name: z.string().min(1),
  bytes: count,
  md5: z.string().regex(/^[0-9a-f]{32}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const manifestSchema = z.strictObject({
  title: z.string().min(1),
  homepage: z.url(),
  licence: z.string().min(1),
  /** `[height, width, channels]` */
  imageShape: z.tuple([count, count, count]),
  classes: count,
  trainImages: count,
  testImages: count,
  source: z.strictObject({ package: z.string().min(1), version: z.string(), folder: z.string() }),
  files: z.record(z.enum(['trainImages', 'trainLabels', 'testImages', 'testLabels']), pinnedFile),
});

export type DatasetName = DatasetSettings['name'];
export type Manifest = z.output<typeof manifestSchema>;
export type PinnedFile = z.output<typeof pinnedFile>;

/**
 * Reads a data set's manifest.
 *
 * @throws Error if the manifest does not have the form above; it is part of the program, not of the user's data
 */
export function readManifest(name: DatasetName): Manifest {
  const path = join(import.meta.dirname, '../../datasets', `${name}.yaml`);
  const result = manifestSchema.safeParse(parse(readFileSync(path, 'utf8')));
  if (!result.success) throw new Error(`${path}: ${z.prettifyError(result.error)}`);
  return result.data;
}

/** @returns the folder that holds the data set's files, or nothing if its package is not installed */
export function locateSource({ source }: Pick<Manifest, 'source'>): string | undefined {
  try {
    const packageFile = createRequire(import.meta.url).resolve(`${source.package}/package.json`);
    return join(dirname(packageFile), source.folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
