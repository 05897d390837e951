/** @file Where fetched data sets lie: where `TD_DATA` says, else in td's own checkout, else in the user's cache folder. */
import { accessSync, constants, existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { cacheFolder } from '../files/cache-folder.ts';
import { DATASETS_FOLDER } from './manifest.ts';

export interface DataPlace {
  /** It holds a folder for each data set, named as the data set. */
  readonly folder: string;
  /** Why data sets are kept there: a clause. */
  readonly reason: string;
}

/**
 * @param checkout the folder `datasets` of td itself
 * @returns where data sets are fetched to
 */
export function dataPlace(environment = process.env, checkout = DATASETS_FOLDER): DataPlace {
  const { TD_DATA } = environment;
  if (TD_DATA) return { folder: resolve(TD_DATA), reason: 'as TD_DATA says' };
  if (isWritableCheckout(checkout)) return { folder: checkout, reason: "td's own folder" };
  const folder = join(cacheFolder(environment), 'datasets');
  return { folder, reason: "since td's own folder is not for writing; TD_DATA names another" };
}

/**
 * Where a data set lies, or would be fetched to. Files in td's own checkout, which whoever installed td may have
 * fetched, are used by everybody.
 *
 * @param files that it has, by name
 */
export function datasetFolder(
  name: string,
  files: readonly string[],
  environment = process.env,
  checkout = DATASETS_FOLDER,
): string {
  const own = join(checkout, name);
  const isThere = !environment.TD_DATA && files.every((file) => existsSync(join(own, file)));
  return isThere ? own : join(dataPlace(environment, checkout).folder, name);
}

/** What lies in `node_modules` is replaced by the next installation. */
function isWritableCheckout(folder: string): boolean {
  if (folder.split(sep).includes('node_modules')) return false;
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
