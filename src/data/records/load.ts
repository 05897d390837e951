/** @file Loads data sets in the binary format of CIFAR: from their caches, or from an archive or folder in that format. */
import { basename } from 'node:path';
import { UserError } from '../../errors.ts';
import type { StartStage } from '../../progress.ts';
import { readPinnedFile } from '../files.ts';
import type { Dataset } from '../types.ts';
import { decodeRecords } from './format.ts';
import { isCached, type RecordStore } from './manifest.ts';
import { readOfficial } from './official.ts';
import { fetchRecords } from './sources.ts';

/**
 * Loads a data set of records: 0.4 s for CIFAR-10 once it is cached.
 *
 * @param path an archive or a folder in the official format. Its records need not be those of the manifest, but must
 *   be whole and their labels known. Without it the cache, whose hashes are checked and which is fetched first if it
 *   is not there.
 * @throws UserError if a file is missing, damaged or does not fit, or the data set cannot be fetched
 */
export async function loadRecords(
  store: RecordStore,
  path: string | undefined,
  startStage: StartStage,
): Promise<Dataset> {
  if (path !== undefined) return readGiven(store, path, startStage);
  if (!isCached(store)) await fetchRecords(store, undefined, startStage);
  const { files } = store.manifest;
  const remedy = `"td data fetch ${store.name}" brings it back`;
  const train = readPinnedFile(store.folder, files.train, remedy);
  const test = readPinnedFile(store.folder, files.test, remedy);
  return assemble(store, { train, test }, store.folder);
}

async function readGiven(store: RecordStore, path: string, startStage: StartStage): Promise<Dataset> {
  try {
    const { sources, record } = store.manifest;
    return assemble(store, await readOfficial(path, sources.official, record, startStage), path);
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`dataset.path: ${error.message}`);
    throw error;
  }
}

function assemble(
  { name, manifest }: RecordStore,
  records: { readonly train: Uint8Array; readonly test: Uint8Array },
  where: string,
): Dataset {
  const { record, classes, imageShape } = manifest;
  const decode = (split: 'train' | 'test') =>
    decodeRecords(records[split], record, classes, `the ${split} part of ${basename(where)}`);
  return { name, imageShape, classes, train: decode('train'), test: decode('test') };
}
