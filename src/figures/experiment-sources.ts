/** @file Finds what experiments left in the results folder: runs, trained or under way, and sweeps. */
import type { Experiment } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import { suggest, UserError } from '../errors.ts';
import { compareNaturally } from '../order.ts';
import { recallImages, requireImagesOfRuns } from '../runner/data-identity.ts';
import { walkResults } from '../runs/walk.ts';
import { readSweep, sweepPath } from '../sweeps/rows.ts';
import { listSwept, readTableSource } from '../tables/source.ts';
import { wordCommand } from '../terminal/experiments.ts';
import { lookUpRuns, tellFaults } from '../terminal/found-runs.ts';
import { addRuns, type ExperimentSource } from './source.ts';

/**
 * Reads experiments, by name or by file; all that are in the results folder if none is named.
 *
 * @throws UserError if there is no run and no sweep of one, one is named twice, or a file is malformed
 */
export function findSources(names: readonly string[], results: string): ExperimentSource[] {
  const present = listExperiments(results);
  if (names.length === 0) return readAll(present, results);
  const definitions = names.map((name) => (isFile(name) ? recallImages(loadExperiment(name)) : undefined));
  const found = names.map((name, index) => requirePresent(name, definitions[index], present, results));
  const twice = found.find((name, index) => found.indexOf(name) < index);
  if (twice !== undefined)
    throw new UserError(`experiment "${twice}" is named twice, expected each experiment once`);
  return found.map((name, index) => {
    const definition = definitions[index];
    return { ...readSource(name, results), ...(definition && { definition }) };
  });
}

/** A sweep.csv that cannot be read is told, and is no matter of the other experiments. */
function readAll(experiments: readonly string[], results: string): ExperimentSource[] {
  const reasons: string[] = [];
  const sources = experiments.flatMap((experiment) => {
    try {
      return readSource(experiment, results);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      reasons.push(error.message);
      return [];
    }
  });
  const [first] = reasons;
  if (sources.length === 0 && first !== undefined) throw new UserError(first);
  tellFaults(reasons);
  return sources;
}

/** Tells of damaged runs; exit code 1 if there are any. */
export function tellDamaged(sources: readonly ExperimentSource[]): void {
  tellFaults(sources.flatMap(({ damaged }) => damaged.map(({ reason }) => reason)));
}

/**
 * Refuses to draw experiments while other images lie where those were that a run was trained on. Where else they may lie say the
 * files of the experiments, where these were named.
 *
 * @throws UserError naming both
 */
export async function requireImagesOf(sources: readonly ExperimentSource[]): Promise<void> {
  const runs = sources.flatMap((source) => source.runs);
  const variants = sources.flatMap(({ definition }) => definition?.variants ?? []);
  await requireImagesOfRuns(
    runs,
    variants.map(({ settings }) => settings.dataset),
  );
}

/** Names of the experiments with a run or a sweep, in natural order. */
function listExperiments(results: string): string[] {
  const trained = walkResults(results).places.map(({ identity }) => identity.experiment);
  return [...new Set([...trained, ...listSwept(results)])].sort(compareNaturally);
}

function requirePresent(
  argument: string,
  definition: Experiment | undefined,
  present: readonly string[],
  results: string,
): string {
  const name = definition?.name ?? argument;
  if (present.includes(name)) return name;
  if (definition !== undefined) {
    const command = wordCommand('run', [argument], results);
    throw new UserError(`no run of experiment "${name}" is in ${results}; train with: ${command}`);
  }
  const valid = present.length === 0 ? '; "td run" makes one' : suggest(name, present);
  throw new UserError(`${results} holds no experiment "${name}"${valid}`);
}

function isFile(argument: string): boolean {
  return /\.ya?ml$/i.test(argument);
}

/** A sweep without rows, say since its runs were removed, is none. */
export function readSource(experiment: string, results: string): ExperimentSource {
  const path = sweepPath(results, experiment);
  const sweep = readSweep(path).length > 0 ? readTableSource(path) : { rows: [], settings: new Map() };
  return addRuns(lookUpRuns(results, [experiment]), { ...sweep, experiment });
}
