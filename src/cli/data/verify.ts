/** @file td data verify: compares every file of a data set with its pinned hash. */
import type { Command } from 'commander';
import { describeDamage, type FileReport } from '../../data/files.ts';
import { listDatasets, verifyDataset } from '../../data/manage.ts';
import { jsonOption } from '../../terminal/options.ts';
import { print, printJson } from '../../terminal/output.ts';

export function define(command: Command): void {
  command
    .option('--path <path>', 'verify the files in this folder, or this archive')
    .addOption(jsonOption())
    .action(verifyData);
}

/**
 * Exit code 1 if a file is missing or damaged. Without a name, a data set that was never fetched is listed as absent, and is
 * no reason to fail.
 *
 * @throws UserError if there is no data set of that name
 */
async function verifyData(
  name: string | undefined,
  { path, json = false }: { readonly path?: string; readonly json?: boolean },
): Promise<void> {
  const checked: {
    readonly name: string;
    readonly state: 'fetched' | 'absent';
    readonly files: FileReport[];
  }[] = [];
  const wanted =
    name === undefined
      ? listDatasets().filter(({ isPublished }) => isPublished)
      : [{ name, isFetched: false }];
  for (const dataset of wanted) {
    const files = await verifyDataset(dataset.name, path);
    const isAbsent = dataset.isFetched && files.every(({ state }) => state === 'missing');
    checked.push({ name: dataset.name, state: isAbsent ? 'absent' : 'fetched', files });
    if (!isAbsent && files.some(({ state }) => state !== 'ok')) process.exitCode = 1;
    if (json) continue;
    if (isAbsent) print(`absent   ${dataset.name}: td data fetch ${dataset.name}`);
    else printReports(files);
  }
  if (json) printJson(checked);
}

function printReports(reports: readonly FileReport[]): void {
  for (const report of reports) {
    const damage = report.state === 'damaged' ? `: ${describeDamage(report)}` : '';
    print(`${report.state.padEnd(8)} ${report.path}${damage}`);
  }
}
