/** @file td list: the runs in a results folder. */
import { suggest, UserError } from '../errors.ts';
import { type FoundRun, findRuns } from '../results/find-runs.ts';
import { columns, duration, percent } from './words.ts';

export interface ListOptions {
  readonly json?: boolean;
  readonly results: string;
}

/** @throws UserError if a named experiment has no runs */
export async function list(names: readonly string[], { json = false, results }: ListOptions): Promise<void> {
  const all = findRuns(results);
  const experiments = [...new Set(all.map(({ identity }) => identity.experiment))];
  const unknown = names.find((name) => !experiments.includes(name));
  if (unknown !== undefined)
    throw new UserError(`${results} holds no experiment "${unknown}"${suggest(unknown, experiments)}`);
  const runs = names.length === 0 ? all : all.filter(({ identity }) => names.includes(identity.experiment));
  if (json) process.stdout.write(`${JSON.stringify(runs, null, 2)}\n`);
  else if (runs.length === 0) process.stdout.write(`no runs in ${results}\n`);
  else
    process.stdout.write(
      `${columns(['experiment', 'variant', 'seed', 'state', 'test accuracy', 'time', 'folder'], runs.map(describe))}\n`,
    );
}

function describe(run: FoundRun): string[] {
  const { experiment, variant, seed } = run.identity;
  const names = [experiment, variant, String(seed)];
  if (run.state === 'done') {
    return [
      ...names,
      'done',
      percent(run.summary.testAccuracy),
      duration(run.summary.trainSeconds),
      run.directory,
    ];
  }
  const { checkpoint } = run;
  const state = checkpoint === undefined ? 'begun' : `epoch ${checkpoint.epoch}`;
  return [
    ...names,
    state,
    '',
    checkpoint === undefined ? '' : duration(checkpoint.trainSeconds),
    run.directory,
  ];
}
