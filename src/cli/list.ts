/** @file td list: the runs in a results folder. */
import { suggest, UserError } from '../errors.ts';
import { type Condition, conditionOf } from '../results/condition.ts';
import { type FoundRun, findRuns } from '../results/find-runs.ts';
import { requireResultsFolder } from './experiments.ts';
import { print, printJson, printTable } from './output.ts';
import { wordState } from './run-state.ts';

export interface ListOptions {
  readonly json?: boolean;
  readonly results: string;
}

/** @throws UserError if a named experiment has no runs, or the results folder is a file */
export async function list(names: readonly string[], { json = false, results }: ListOptions): Promise<void> {
  requireResultsFolder(results, 'read');
  const all = findRuns(results);
  const experiments = [...new Set(all.map(({ identity }) => identity.experiment))];
  const unknown = names.find((name) => !experiments.includes(name));
  if (unknown !== undefined)
    throw new UserError(`${results} holds no experiment "${unknown}"${suggest(unknown, experiments)}`);
  const runs = all
    .filter(({ identity }) => names.length === 0 || names.includes(identity.experiment))
    .map(addCondition);
  if (json) printJson(runs);
  else if (runs.length === 0) print(`no runs in ${results}`);
  else {
    const header = ['experiment', 'variant', 'seed', 'state', 'test accuracy', 'time', 'folder'];
    printTable(header, runs.map(describe));
  }
}

/** Why a run is not done, looked up once for either form of output. */
type ListedRun = FoundRun & { readonly condition?: Condition };

function addCondition(run: FoundRun): ListedRun {
  return run.state === 'done' ? run : { ...run, condition: conditionOf(run.directory) };
}

function describe(run: ListedRun): string[] {
  const { experiment, variant, seed } = run.identity;
  const { state, accuracy, time } = wordState(run, run.condition);
  return [experiment, variant, String(seed), state, accuracy, time, run.directory];
}
