/** @file td data: lists and verifies data sets. */
import { listDatasets, verifyDataset } from '../data/registry.ts';
import { columns, grouped } from './words.ts';

export async function listData({ json = false }: { readonly json?: boolean }): Promise<void> {
  const datasets = await listDatasets();
  if (json) {
    process.stdout.write(`${JSON.stringify(datasets, null, 2)}\n`);
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
  process.stdout.write(
    `${columns(['name', 'train + test images', 'shape', 'classes', 'source', 'folder'], rows)}\n`,
  );
}

/** Exit code 1 if a file is missing or damaged. */
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
  if (report.state !== 'damaged') return `${report.state.padEnd(8)} ${report.path}`;
  return `damaged  ${report.path}: SHA-256 is ${report.found}, expected ${report.expected}`;
}
