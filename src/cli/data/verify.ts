/** @file td data verify: compares every file of a data set with its pinned hash. */
import type { Command } from 'commander';
import { describeDamage, type FileReport } from '../../data/files.ts';
import { listDatasets, verifyDataset } from '../../data/manage.ts';
import { print } from '../../terminal/output.ts';

export function define(command: Command): void {
  command.option('--path <path>', 'verify the files in this folder, or this archive').action(verifyData);
}

/**
 * Exit code 1 if a file is missing or damaged. Without a name, a data set that was never fetched is listed as absent, and is
 * no reason to fail.
 *
 * @throws UserError if there is no data set of that name
 */
async function verifyData(name: string | undefined, { path }: { readonly path?: string }): Promise<void> {
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
