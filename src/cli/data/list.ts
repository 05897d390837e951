/** @file td data list: the data sets, and where they lie. */
import type { Command } from 'commander';
import { dataPlace } from '../../data/place.ts';
import { listDatasets } from '../../data/registry.ts';
import { jsonOption } from '../../terminal/options.ts';
import { print, printJson, printTable } from '../../terminal/output.ts';
import { grouped } from '../../terminal/words.ts';

export function define(command: Command): void {
  command.addOption(jsonOption()).action(listData);
}

async function listData({ json = false }: { readonly json?: boolean }): Promise<void> {
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
  const { folder, reason } = dataPlace();
  print(`\nfetched to ${folder}, ${reason}`);
}
