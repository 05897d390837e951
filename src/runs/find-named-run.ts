/** @file Finds the run that a user names. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { suggest, UserError } from '../errors.ts';
import { RUN_FILES, runId } from './directory.ts';
import { type FinishedRun, type FoundRun, isLeftOut, type LeftOutRun, lookAtRun, refusalOf } from './find.ts';
import { type RunPlace, walkResults } from './walk.ts';

/**
 * @param argument folder of a run, or `experiment/variant`, `experiment/variant/seed` or
 *   `experiment/variant/seed-<n>-<hash8>` in the results folder
 * @throws UserError if there is no such run, or there are several
 */
export function findNamedRun(argument: string, results: string): FoundRun | LeftOutRun {
  const isFolder = existsSync(join(argument, RUN_FILES.config));
  const found = lookAtRun(isFolder ? findByFolder(argument) : findByName(argument, results));
  if (typeof found === 'object') return found;
  throw new UserError(`${found} cannot be read`);
}

/**
 * The same, for commands that need a trained network.
 *
 * @throws UserError as `findNamedRun`, or if the run is not done or lacks its plugin
 * @throws DamageError if it is damaged
 */
export function findFinishedRun(argument: string, results: string): FinishedRun {
  const run = findNamedRun(argument, results);
  if (run.state === 'done') return run;
  if (isLeftOut(run)) throw refusalOf(run);
  const name = `${run.identity.experiment}/${run.id}`;
  throw new UserError(
    `${name} is not trained to its end, expected a run that is done; td run goes on with it`,
  );
}

function findByName(argument: string, results: string): RunPlace {
  const [experiment = '', variant = '', seed, ...rest] = argument.split('/');
  const all = walkResults(results).places;
  const names = [...new Set(all.map(({ identity }) => identity.experiment))];
  const runs = all.filter(({ identity }) => identity.experiment === experiment);
  if (runs.length === 0)
    throw new UserError(
      `${results} holds no experiment "${experiment}"${suggest(experiment, names)}; a run is named experiment/variant/seed`,
    );
  const variants = [...new Set(runs.map(({ identity }) => identity.variant))];
  const own = runs.filter(({ identity }) => identity.variant === variant);
  if (variant === '')
    throw new UserError(
      `"${argument}" names an experiment, expected a run of it: ${variants.map((name) => `${experiment}/${name}`).join(', ')}`,
    );
  if (own.length === 0)
    throw new UserError(
      `experiment "${experiment}" has no run of variant "${variant}"${suggest(variant, variants)}`,
    );
  const found = own.filter((run) => seed === undefined || isNamed(run, seed));
  const [first, second] = found;
  if (first !== undefined && second === undefined && rest.length === 0) return first;
  const folders = (found.length > 0 ? found : own).map(
    ({ identity }) => `${identity.experiment}/${runId(identity)}`,
  );
  const problem = found.length > 1 ? `names ${found.length} runs` : 'names no run';
  throw new UserError(`"${argument}" ${problem}, expected one of: ${folders.join(', ')}`);
}

function findByFolder(folder: string): RunPlace {
  const directory = resolve(folder);
  const experiment = dirname(dirname(directory));
  const { places } = walkResults(dirname(experiment), [basename(experiment)]);
  const run = places.find((candidate) => resolve(candidate.directory) === directory);
  if (run !== undefined) return run;
  throw new UserError(
    `${folder} is no folder of a run, expected <results>/<experiment>/<variant>/seed-<n>-<hash>`,
  );
}

/** By its seed, or by the name of its folder. */
function isNamed({ identity }: RunPlace, seed: string): boolean {
  return seed === String(identity.seed) || runId(identity).endsWith(`/${seed}`);
}
