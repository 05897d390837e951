/** @file td list: the runs in a results folder. */
import type { Command } from 'commander';
import { parseGridName } from '../config/grid.ts';
import type { ListedRun } from '../runs/listed-runs.ts';
import { requireExperiments, walkResults } from '../runs/walk.ts';
import { jsonOption, resultsOption } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { describeState } from '../terminal/run-state.ts';

export function define(command: Command): void {
  command.addOption(jsonOption()).addOption(resultsOption()).action(list);
}

export interface ListOptions {
  readonly json?: boolean;
  readonly results: string;
}

/**
 * Exit code 1 if one of the runs is damaged.
 *
 * @throws UserError if a named experiment has no runs, or the results folder is a file
 */
export async function list(names: readonly string[], { json = false, results }: ListOptions): Promise<void> {
  requireResultsFolder(results, 'read');
  const walked = walkResults(results);
  requireExperiments(names, walked, results);
  if (walked.places.length === 0 && walked.passedOver.length === 0) {
    if (json) printJson([]);
    else print(`no runs in ${results}`);
    return;
  }
  // What inspects runs takes longer to load than all the rest.
  const { listRuns } = await import('../runs/listed-runs.ts');
  const { lookUpRuns, tellFaults } = await import('../terminal/found-runs.ts');
  const survey = lookUpRuns(results, names.length === 0 ? undefined : names);
  const runs = listRuns(survey);
  if (json) printJson(runs);
  else if (runs.length === 0) print(`no runs in ${results}`);
  else {
    const header = ['experiment', 'variant', 'seed', 'state', 'test accuracy', 'time', 'folder'];
    printTable(header, runs.map(formatRow));
  }
  tellFaults(survey.damaged.map(({ reason }) => reason));
}

/** `targeted: dropRate 0.33, schedule.epochs 5`: variants of a grid stand together, under the name that they share. */
function describeVariant(variant: string): string {
  const point = parseGridName(variant);
  if (point === undefined) return variant;
  return `${point.base}: ${[...point.values].map(([key, value]) => `${key} ${value}`).join(', ')}`;
}

function formatRow(run: ListedRun): string[] {
  const { experiment, variant, seed } = run.identity;
  const { state, accuracy, time } = describeState(run, 'condition' in run ? run.condition : undefined);
  return [experiment, describeVariant(variant), String(seed), state, accuracy, time, run.directory];
}
