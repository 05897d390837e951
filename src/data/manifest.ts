/** @file What `datasets/<name>.yaml` says of a data set: where it comes from, its form, its licence, its hashes. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { DatasetSettings } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { readBoundedFile } from '../files/read.ts';
import { parseYaml } from '../yaml/parse.ts';
import { toPlain } from '../yaml/tree.ts';

/** Bytes of a manifest: twenty times the longest. */
const LARGEST_MANIFEST = 2 ** 16;

const count = z.int().positive();
const text = z.string().min(1);

const pinnedFile = z.strictObject({
  name: text,
  bytes: count,
  md5: z.string().regex(/^[0-9a-f]{32}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const facts = {
  title: text,
  homepage: z.url(),
  licence: text,
  /** `[height, width, channels]` */
  imageShape: z.tuple([count, count, count]),
  classes: count,
  trainImages: count,
  testImages: count,
};

/** A data set in the format of MNIST that comes as an npm package. */
const idxManifest = z.strictObject({
  ...facts,
  source: z.strictObject({ package: text, version: text, folder: text }),
  files: z.record(z.enum(['trainImages', 'trainLabels', 'testImages', 'testLabels']), pinnedFile),
});

const pngImages = z.strictObject({ images: z.array(text).min(1), labels: text });

/** A data set in the binary format of CIFAR that is fetched once. */
const recordManifest = z.strictObject({
  ...facts,
  /** Bytes before the image, and which of them is the label. */
  record: z.strictObject({ labelBytes: count, label: z.int().nonnegative() }),
  /** The cache: a file a split. */
  files: z.strictObject({ train: pinnedFile, test: pinnedFile }),
  sources: z.strictObject({
    npm: z
      .strictObject({
        package: text,
        version: text,
        bytes: count,
        integrity: z.string().regex(/^sha512-/),
        train: pngImages,
        test: pngImages,
      })
      .optional(),
    official: z.strictObject({
      url: z.url({ protocol: /^https$/, error: 'expected an https address' }),
      archive: pinnedFile,
      /** Folder of the files in the archive. */
      folder: text,
      train: z.array(pinnedFile).min(1),
      test: z.array(pinnedFile).min(1),
    }),
  }),
});

const SCHEMAS = { mnist: idxManifest, cifar10: recordManifest, cifar100: recordManifest } as const;

export type DatasetName = DatasetSettings['name'];
export type PinnedFile = z.output<typeof pinnedFile>;
export type IdxManifest = z.output<typeof idxManifest>;
export type RecordManifest = z.output<typeof recordManifest>;
export type RecordFormat = RecordManifest['record'];
export type OfficialSource = RecordManifest['sources']['official'];
export type NpmSource = NonNullable<RecordManifest['sources']['npm']>;

/** Where manifests lie, and in a checkout what is fetched: a folder a data set. */
export const DATASETS_FOLDER = join(import.meta.dirname, '../../datasets');

/**
 * Reads a data set's manifest.
 *
 * @param path for tests: another file of that form
 * @throws UserError if the manifest is missing, too large or does not have the form above
 */
export function readManifest<N extends DatasetName>(
  name: N,
  path = join(DATASETS_FOLDER, `${name}.yaml`),
): z.output<(typeof SCHEMAS)[N]> {
  const text = readBoundedFile(path, LARGEST_MANIFEST)?.toString('utf8');
  if (text === undefined) throw new UserError(`${path} is missing, though it is part of td`);
  const tree = parseYaml(text, (line, column) => `${path}:${line}:${column}`);
  const result = SCHEMAS[name].safeParse(toPlain(tree));
  if (result.success) return result.data as z.output<(typeof SCHEMAS)[N]>;
  const [issue] = result.error.issues;
  throw new UserError(`${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a manifest'}`);
}

/** @returns the folder that holds the data set's files, or nothing if its package is not installed */
export function locateSource({ source }: Pick<IdxManifest, 'source'>): string | undefined {
  try {
    const packageFile = createRequire(import.meta.url).resolve(`${source.package}/package.json`);
    return join(dirname(packageFile), source.folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
