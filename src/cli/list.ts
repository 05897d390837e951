/** @file td list: the runs in a results folder. */
import type { Command } from 'commander';
import { suggest, UserError } from '../errors.ts';
import { type Condition, conditionOf } from '../runs/condition.ts';
import type { DamagedRun, FoundRun } from '../runs/find.ts';
import { comparePlaces, walkResults } from '../runs/walk.ts';
import { requireResultsFolder } from '../terminal/experiments.ts';
import { lookUpRuns, tellFaults } from '../terminal/found-runs.ts';
import { jsonOption, resultsOption } from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { wordState } from '../terminal/run-state.ts';

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
  requireExperiments(names, results);
  const { runs: sound, damaged } = lookUpRuns(results, names.length === 0 ? undefined : names);
  const runs = [...sound.map(addCondition), ...damaged].toSorted(comparePlaces);
  if (json) printJson(runs);
  else if (runs.length === 0) print(`no runs in ${results}`);
  else {
    const header = ['experiment', 'variant', 'seed', 'state', 'test accuracy', 'time', 'folder'];
    printTable(header, runs.map(describe));
  }
  tellFaults(damaged.map(({ reason }) => reason));
}

function requireExperiments(names: readonly string[], results: string): void {
  if (names.length === 0) return;
  const { places } = walkResults(results);
  const experiments = [...new Set(places.map(({ identity }) => identity.experiment))];
  const unknown = names.find((name) => !experiments.includes(name));
  if (unknown !== undefined)
    throw new UserError(`${results} holds no experiment "${unknown}"${suggest(unknown, experiments)}`);
}

/** Why a run is not done, looked up once for either form of output. */
type ListedRun = (FoundRun & { readonly condition?: Condition }) | DamagedRun;

function addCondition(run: FoundRun): ListedRun {
  return run.state === 'done' ? run : { ...run, condition: conditionOf(run.directory) };
}

function describe(run: ListedRun): string[] {
  const { experiment, variant, seed } = run.identity;
  const { state, accuracy, time } = wordState(run, 'condition' in run ? run.condition : undefined);
  return [experiment, variant, String(seed), state, accuracy, time, run.directory];
}
