/** @file td data list: the data sets, and where they lie. */
import type { Command } from 'commander';
import { listDatasets } from '../../data/manage.ts';
import { dataPlace } from '../../data/place.ts';
import type { DatasetFacts } from '../../data/types.ts';
import { jsonOption } from '../../terminal/options.ts';
import { print, printJson, printTable } from '../../terminal/output.ts';
import { formatInteger } from '../../terminal/words.ts';

export function define(command: Command): void {
  command.addOption(jsonOption()).action(listData);
}

async function listData({ json = false }: { readonly json?: boolean }): Promise<void> {
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
  return `${formatInteger(trainImages)} + ${formatInteger(testImages)}`;
}

function describeFolder({ isPublished, isPresent, folder }: DatasetFacts): string {
  if (!isPublished) return 'your own';
  return isPresent ? (folder ?? '') : 'not present';
}
