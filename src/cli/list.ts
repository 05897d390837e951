/** @file td list: the runs in a results folder. */
import { suggest, UserError } from '../errors.ts';
import { type FoundRun, findRuns } from '../results/find-runs.ts';
import { requireResultsFolder } from './experiments.ts';
import { printJson, printTable } from './output.ts';
import { duration, percent } from './words.ts';

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
  const runs = names.length === 0 ? all : all.filter(({ identity }) => names.includes(identity.experiment));
  if (json) printJson(runs);
  else if (runs.length === 0) process.stdout.write(`no runs in ${results}\n`);
  else {
    const header = ['experiment', 'variant', 'seed', 'state', 'test accuracy', 'time', 'folder'];
    printTable(header, runs.map(describe));
  }
}

function describe(run: FoundRun): string[] {
  const { experiment, variant, seed } = run.identity;
  return [experiment, variant, String(seed), ...describeState(run), run.directory];
}

/** State, accuracy, time. */
function describeState(run: FoundRun): string[] {
  if (run.state === 'done')
    return ['done', percent(run.summary.testAccuracy), duration(run.summary.trainSeconds)];
  const { checkpoint } = run;
  return checkpoint === undefined
    ? ['unfinished', '', '']
    : [`unfinished, epoch ${checkpoint.epoch}`, '', duration(checkpoint.trainSeconds)];
}
