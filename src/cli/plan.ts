/** @file td plan: the runs of experiments as cells that any scheduler can start, with the state and the command of each. */
import type { Command } from 'commander';
import { loadTfjs } from '../engines/load-tfjs.ts';
import { executionOptions } from '../terminal/execution-options.ts';
import {
  jsonOption,
  resultsOption,
  seedsOption,
  settingOption,
  variantsOption,
} from '../terminal/options.ts';
import { loadCells, type RequestOptions, requestOf, warnOfSettings } from '../terminal/planned-runs.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';

const HELP = `
A cell is one run: one variant with one seed. Cells are ordered by experiment,
variant and seed, so that an index means the same cell for as long as the
experiment files stay as they are. Nothing is written.

With --json a cell has its state (missing, under way, cut off, failed, done,
damaged), the seconds and bytes of memory that it is estimated to take still,
and the command that trains it (argv). The hash of a plan changes with its
cells, not with their states; td run --plan refuses a plan that does not fit
its files any more. Commands name files by their full paths: a machine that
trains cells must see the same folders under the same names.

Examples:
  td plan configs/mnist-lenet.yaml
  td plan configs/mnist-lenet.yaml --json > plan.json
  td run --plan plan.json --cell 3`;

export function define(command: Command): void {
  command
    .addOption(variantsOption('only these variants: none,l1'))
    .addOption(seedsOption())
    .addOption(settingOption())
    .option('--no-measure', 'estimate times from earlier runs alone')
    .addOption(jsonOption())
    .addOption(resultsOption());
  for (const option of executionOptions()) command.addOption(option);
  command.addHelpText('after', HELP).action(plan);
}

export interface PlanCommandOptions extends RequestOptions {
  readonly measure?: boolean;
  readonly json?: boolean;
}

/**
 * Exit code 1 if one of the runs is damaged.
 *
 * @throws UserError if a file, a flag, a data set or the results folder is wrong
 */
export async function plan(
  files: readonly string[],
  options: PlanCommandOptions,
  command: Command,
): Promise<void> {
  requireResultsFolder(options.results, 'read');
  const request = requestOf(files, options, command);
  const { experiments, cells } = await loadCells({ ...request, files, results: options.results });
  warnOfSettings(
    experiments,
    cells.map(({ run }) => run),
  );
  await loadTfjs();
  const { estimatePlan, printPlan, printPlanJson } = await import('../terminal/plan.ts');
  const estimated = await estimatePlan(cells, options);
  if (options.json) printPlanJson(estimated, request, experiments);
  else printPlan(estimated);
}
