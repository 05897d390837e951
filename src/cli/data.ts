/** @file td data: lists, fetches and verifies data sets. */
import { describeDamage, type FileReport } from '../data/files.ts';
import { fetchDataset, listDatasets, verifyDataset } from '../data/manage.ts';
import { dataPlace } from '../data/place.ts';
import type { DatasetFacts } from '../data/types.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { duration, grouped } from '../terminal/words.ts';

export async function listData({ json = false }: { readonly json?: boolean }): Promise<void> {
  const datasets = listDatasets();
  if (json) {
    printJson(datasets);
    return;
  }
  const rows = datasets.map((dataset) => [
    dataset.name,
    describeNumbers(dataset),
    dataset.imageShape?.join('×') ?? 'as set',
    String(dataset.classes ?? 'any'),
    dataset.source,
    describeFolder(dataset),
  ]);
  printTable(['name', 'train + test images', 'shape', 'classes', 'source', 'folder'], rows);
  const { folder, reason } = dataPlace();
  print(`\nfetched to ${folder}, ${reason}`);
}

function describeNumbers({ trainImages, testImages }: DatasetFacts): string {
  if (trainImages === undefined || testImages === undefined) return 'as in the folder';
  return `${grouped(trainImages)} + ${grouped(testImages)}`;
}

function describeFolder({ isPublished, isPresent, folder }: DatasetFacts): string {
  if (!isPublished) return 'your own';
  return isPresent ? (folder ?? '') : 'not present';
}

/** @throws UserError if there is no such data set or source, or the files cannot be had or are not the published ones */
export async function fetchData(name: string, { source }: { readonly source?: string }): Promise<void> {
  const began = performance.now();
  const origin = await fetchDataset(name, source, startFetchStage);
  print(`${name}: ${describeOrigin(origin, (performance.now() - began) / 1000)}`);
}

function describeOrigin(origin: string, seconds: number): string {
  if (origin === 'package') return 'comes with this program, nothing to fetch';
  if (origin === 'cache') return 'is there already, and is the published one';
  return `fetched from ${origin} in ${duration(seconds)}, and is the published one`;
}

/**
 * Exit code 1 if a file is missing or damaged. Files that were never fetched are missed only in a data set that is named.
 *
 * @throws UserError if there is no data set of that name
 */
export async function verifyData(
  name: string | undefined,
  { path }: { readonly path?: string },
): Promise<void> {
  if (name !== undefined) {
    printReports(await verifyDataset(name, path));
    return;
  }
  for (const dataset of listDatasets().filter(({ isPublished }) => isPublished)) {
    const reports = await verifyDataset(dataset.name, path);
    if (dataset.isFetched && reports.every(({ state }) => state === 'missing')) {
      print(`absent   ${dataset.name}: td data fetch ${dataset.name}`);
    } else printReports(reports);
  }
}

function printReports(reports: readonly FileReport[]): void {
  for (const report of reports) {
    const damage = report.state === 'damaged' ? `: ${describeDamage(report)}` : '';
    print(`${report.state.padEnd(8)} ${report.path}${damage}`);
    if (report.state !== 'ok') process.exitCode = 1;
  }
}
