/** @file td list: the runs in a results folder. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { requireExperiments, SLURM_FOLDER, walkResults } from '../runs/walk.ts';
import { jsonOption, resultsOption } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';

const HELP = `
Where runs were submitted to Slurm, the list says which are queued, and what the
log of one that is neither done nor queued ends with.

With --watch, the list is kept up to date until Ctrl-C: in a terminal the runs
that are not done, elsewhere a line whenever something has changed.`;

export function define(command: Command): void {
  command
    .option('--watch', 'keep it up to date')
    .addOption(jsonOption())
    .addOption(resultsOption())
    .addHelpText('after', HELP)
    .action(list);
}

export interface ListOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly results: string;
}

/**
 * Exit code 1 if one of the runs is damaged.
 *
 * @throws UserError if a named experiment has no runs, or the results folder is a file
 */
export async function list(names: readonly string[], options: ListOptions): Promise<void> {
  const { watch = false, json = false, results } = options;
  if (watch && json) throw new UserError('--watch and --json exclude each other, expected one of them');
  requireResultsFolder(results, 'read');
  const walked = walkResults(results);
  // What is watched may be still to come.
  if (!watch) requireExperiments(names, walked, results);
  const path = resolve(results);
  const isEmpty = walked.places.length === 0 && walked.passedOver.length === 0;
  if (isEmpty && !watch && !existsSync(join(path, SLURM_FOLDER))) {
    if (json) printJson([]);
    else print(`no runs in ${results}`);
    return;
  }
  // What inspects runs takes longer to load than all the rest.
  const { idOf, listReasons, readRunList, tabulateRuns, tellProblems } = await import(
    '../terminal/listed-runs.ts'
  );
  if (watch) {
    const { watchRuns } = await import('../terminal/watch.ts');
    await watchRuns(() => readRunList(results, path, names));
  }
  const found = readRunList(results, path, names);
  const { runs, submitted, waiting } = found;
  if (json) {
    printJson(runs.map((run) => ({ ...run, queue: submitted.queued.get(idOf(run)) })));
  } else {
    if (runs.length === 0) print(`no runs in ${results}`);
    else {
      const { header, rows } = tabulateRuns(runs, submitted);
      printTable(header, rows);
    }
    const more = waiting === 0 ? [] : [`${waiting} more queued, without a folder yet`];
    const remarks = [...more, ...listReasons(found)];
    if (remarks.length > 0) print(`\n${remarks.join('\n')}`);
  }
  tellProblems(found);
}
