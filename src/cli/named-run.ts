/** @file Finds the run that a user names. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { suggest, UserError } from '../errors.ts';
import { type FoundRun, findRuns } from '../results/find-runs.ts';
import { RUN_FILES } from '../results/run-directory.ts';

/**
 * @param argument folder of a run, or `experiment/variant`, `experiment/variant/seed` or
 *   `experiment/variant/seed-<n>-<hash8>` in the results folder
 * @throws UserError if there is no such run, or there are several
 */
export function findNamedRun(argument: string, results: string): FoundRun {
  if (existsSync(join(argument, RUN_FILES.config))) return findByFolder(argument);
  const [experiment = '', variant = '', seed, ...rest] = argument.split('/');
  const all = findRuns(results);
  const names = [...new Set(all.map(({ identity }) => identity.experiment))];
  const runs = all.filter(({ identity }) => identity.experiment === experiment);
  if (runs.length === 0)
    throw new UserError(
      `${results} holds no experiment "${experiment}"${suggest(experiment, names)}; a run is named experiment/variant/seed`,
    );
  const variants = [...new Set(runs.map(({ identity }) => identity.variant))];
  const own = runs.filter(({ identity }) => identity.variant === variant);
  if (own.length === 0)
    throw new UserError(
      `experiment "${experiment}" has no run of variant "${variant}"${suggest(variant, variants)}`,
    );
  const found = own.filter((run) => seed === undefined || isNamed(run, seed));
  const [first, second] = found;
  if (first !== undefined && second === undefined && rest.length === 0) return first;
  const folders = (found.length > 0 ? found : own).map(({ identity, id }) => `${identity.experiment}/${id}`);
  const problem = found.length > 1 ? `names ${found.length} runs` : 'names no run';
  throw new UserError(`"${argument}" ${problem}, expected one of: ${folders.join(', ')}`);
}

function findByFolder(folder: string): FoundRun {
  const directory = resolve(folder);
  const experiment = dirname(dirname(directory));
  const run = findRuns(dirname(experiment)).find((candidate) => resolve(candidate.directory) === directory);
  if (run !== undefined) return run;
  throw new UserError(
    `${folder} is no folder of a run, expected <results>/<experiment>/<variant>/seed-<n>-<hash>`,
  );
}

/** By its seed, or by the name of its folder. */
function isNamed({ identity, id }: FoundRun, seed: string): boolean {
  return seed === String(identity.seed) || id.endsWith(`/${seed}`);
}
