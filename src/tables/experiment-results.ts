/** @file Reads everything that experiments left in the results folder: runs with their settings, and the rows of sweeps. */
import type { Experiment } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import type { RunSettings } from '../config/schema.ts';
import { suggest, UserError } from '../errors.ts';
import { describeCommand } from '../next-command.ts';
import { compareNaturally } from '../order.ts';
import { recallImages } from '../runner/data-identity.ts';
import { findRuns, type Survey } from '../runs/find.ts';
import { findRunSettings } from '../runs/run-settings.ts';
import { walkResults } from '../runs/walk.ts';
import { readSweep } from '../sweeps/read-sweep.ts';
import { type SweepRow, sweepPath } from '../sweeps/rows.ts';
import { listSwept, readSwept } from './swept-experiment.ts';

/** Damaged runs are listed, and left out of everything else. */
export interface ExperimentResults extends Survey {
  readonly experiment: string;
  /** Rows of its sweep, of all evaluations; none if it is not swept. */
  readonly rows: readonly SweepRow[];
  /** By the first 8 digits of their hash, as far as they are known. */
  readonly settings: ReadonlyMap<string, RunSettings>;
  /** The experiment, if its file was named. */
  readonly definition?: Experiment;
}

export interface FoundResults {
  readonly experiments: readonly ExperimentResults[];
  /** What is wrong with experiments that could not be read, in sentences; empty if experiments were named. */
  readonly faults: readonly string[];
}

/**
 * Reads experiments, by name or by file; all that are in the results folder if none is named.
 *
 * @throws UserError if there is no run and no sweep of one, one is named twice, or a file is malformed
 */
export function findResults(names: readonly string[], results: string): FoundResults {
  const present = listPresent(results);
  if (names.length === 0) return readAll(present, results);
  const definitions = names.map((name) => (isFile(name) ? recallImages(loadExperiment(name)) : undefined));
  const found = names.map((name, index) => requirePresent(name, definitions[index], present, results));
  const twice = found.find((name, index) => found.indexOf(name) < index);
  if (twice !== undefined)
    throw new UserError(`experiment "${twice}" is named twice, expected each experiment once`);
  const experiments = found.map((name, index) => {
    const definition = definitions[index];
    return { ...readResults(name, results), ...(definition && { definition }) };
  });
  return { experiments, faults: [] };
}

/**
 * Reads one experiment. A sweep without rows, say since its runs were removed, counts as none.
 *
 * @throws UserError if sweep.csv is malformed
 */
export function readResults(experiment: string, results: string): ExperimentResults {
  const path = sweepPath(results, experiment);
  const rows = readSweep(path);
  const sweep = rows.length > 0 ? readSwept(path, undefined, [], rows) : { rows: [], settings: new Map() };
  return addRuns(findRuns(results, [experiment]), { ...sweep, experiment });
}

/** Adds the runs of an experiment, and their settings, to what is known of its sweep. */
export function addRuns(
  survey: Survey,
  sweep: Pick<ExperimentResults, 'experiment' | 'rows' | 'settings'>,
): ExperimentResults {
  const settings = new Map(sweep.settings);
  for (const { identity, directory } of survey.runs) {
    const { hash } = identity;
    // Of a run that has just begun there may be none yet.
    const known = settings.get(hash) ?? findRunSettings(directory)?.settings;
    if (known !== undefined) settings.set(hash, known);
  }
  return { ...survey, experiment: sweep.experiment, rows: sweep.rows, settings };
}

/** An experiment whose sweep.csv cannot be read does not keep the others from being read. */
function readAll(names: readonly string[], results: string): FoundResults {
  const faults: string[] = [];
  const experiments = names.flatMap((name) => {
    try {
      return readResults(name, results);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      faults.push(error.message);
      return [];
    }
  });
  const [first] = faults;
  if (experiments.length === 0 && first !== undefined) throw new UserError(first);
  return { experiments, faults };
}

/** Names of the experiments with a run or a sweep, in natural order. */
function listPresent(results: string): string[] {
  const trained = walkResults(results).places.map(({ identity }) => identity.experiment);
  return [...new Set([...trained, ...listSwept(results)])].sort(compareNaturally);
}

function isFile(argument: string): boolean {
  return /\.ya?ml$/i.test(argument);
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
    const command = describeCommand('run', [argument], results);
    throw new UserError(`no run of experiment "${name}" is in ${results}; train with: ${command}`);
  }
  const valid = present.length === 0 ? '; "td run" makes one' : suggest(name, present);
  throw new UserError(`${results} holds no experiment "${name}"${valid}`);
}
