/** @file td data: lists and verifies data sets. */
import { listDatasets, verifyDataset } from '../data/registry.ts';
import { printJson, printTable } from './output.ts';
import { grouped } from './words.ts';

export async function listData({ json = false }: { readonly json?: boolean }): Promise<void> {
  const datasets = await listDatasets();
  if (json) {
    printJson(datasets);
    return;
  }
  const rows = datasets.map((dataset) => [
    dataset.name,
    `${grouped(dataset.trainImages)} + ${grouped(dataset.testImages)}`,
    dataset.imageShape.join('×'),
    String(dataset.classes),
    dataset.source,
    dataset.isPresent ? (dataset.folder ?? '') : 'not present',
  ]);
  printTable(['name', 'train + test images', 'shape', 'classes', 'source', 'folder'], rows);
}

/**
 * Exit code 1 if a file is missing or damaged.
 *
 * @throws UserError if there is no data set of that name
 */
export async function verifyData(
  name: string | undefined,
  { path }: { readonly path?: string },
): Promise<void> {
  const names = name === undefined ? (await listDatasets()).map((dataset) => dataset.name) : [name];
  for (const dataset of names) {
    for (const report of await verifyDataset(dataset, path)) {
      process.stdout.write(`${describe(report)}\n`);
      if (report.state !== 'ok') process.exitCode = 1;
    }
  }
}

function describe(report: Awaited<ReturnType<typeof verifyDataset>>[number]): string {
  const line = `${report.state.padEnd(8)} ${report.path}`;
  return report.state === 'damaged' ? `${line}: found ${report.found}, expected ${report.expected}` : line;
}
