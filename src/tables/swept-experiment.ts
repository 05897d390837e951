/** @file Finds the rows of a sweep that a user names, and the settings that its runs were trained with. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Experiment, expandRuns } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import type { RunSettings } from '../config/schema.ts';
import { CONFIGS, listShipped } from '../config/shipped.ts';
import { DamageError, suggest, UserError } from '../errors.ts';
import { describeCommand } from '../next-command.ts';
import { recallImages } from '../runner/data-identity.ts';
import { findRuns, isLeftOut, type LeftOutRun, lookAtRun, refusalOfAll } from '../runs/find.ts';
import { findRunSettings } from '../runs/run-settings.ts';
import { listExperiments, type RunPlace } from '../runs/walk.ts';
import { describeNoRows, type EvaluationView, hasView, selectRows } from '../sweeps/evaluations.ts';
import { readSweep } from '../sweeps/read-sweep.ts';
import { runIdOf, type SweepRow, settingsHashOf, sweepPath } from '../sweeps/rows.ts';
import { allRuns, type KnownRuns } from './missing-runs.ts';

export interface SweptExperiment {
  readonly experiment: string;
  /** Of one evaluation, unless all were asked for; none of runs that are left out. */
  readonly rows: readonly SweepRow[];
  /** The evaluation that the rows are of. */
  readonly view?: EvaluationView;
  /** By the first 8 digits of their hash, as far as they are known. */
  readonly settings: ReadonlyMap<string, RunSettings>;
  /** Runs of the table whose folders lie beside it, and whose rows are not used. */
  readonly leftOut: readonly LeftOutRun[];
  /** Path of the table that the rows are from. */
  readonly path: string;
  /** The experiment, if its file was named. */
  readonly definition?: Experiment;
}

/**
 * Reads the sweep that an argument names: an experiment file, a CSV file, an experiment's name in the results folder,
 * or a folder with a sweep.csv.
 *
 * @param view which of its rows; those of all evaluations if absent
 * @throws UserError if there is no such sweep, it has no row of this evaluation, or a file is malformed
 * @throws DamageError if every run of it is damaged, or the folder is a copy of another experiment's
 */
export function findSwept(argument: string, results: string, view?: EvaluationView): SweptExperiment {
  const swept = lookUpSwept(argument, results);
  requireSound(swept);
  if (view === undefined) return swept;
  const { rows, settings, path } = swept;
  if (!hasView(rows, settings, view)) throw new UserError(describeNoRows(path, view, results));
  return { ...swept, rows: selectRows(rows, settings, view), view };
}

/** @throws UserError if no row is left, a DamageError if that is for damage */
function requireSound({ experiment, rows, leftOut, path }: SweptExperiment): void {
  const [first, ...others] = leftOut;
  if (rows.length > 0 || first === undefined) return;
  const folder = dirname(path);
  if (first.identity.experiment !== experiment)
    throw new DamageError(
      `${folder} holds the sweep and the runs of experiment "${experiment}": it was copied or renamed; give the folder its own name back, in another folder of results if need be`,
    );
  throw refusalOfAll(path, [first, ...others]);
}

function lookUpSwept(argument: string, results: string): SweptExperiment {
  if (/\.ya?ml$/i.test(argument)) {
    const experiment = recallImages(loadExperiment(argument));
    const path = sweepPath(results, experiment.name);
    if (existsSync(path)) return { ...readSwept(path, undefined, [experiment]), definition: experiment };
    const command = describeCommand('sweep', [argument], results);
    throw new UserError(`experiment "${experiment.name}" is not swept in ${results}; sweep with: ${command}`);
  }
  if (/\.csv$/i.test(argument)) {
    if (existsSync(argument)) return readSwept(argument);
    throw new UserError(`there is no file ${argument}, expected a sweep.csv`);
  }
  const path = [sweepPath(results, argument), join(argument, 'sweep.csv')].find((candidate) =>
    existsSync(candidate),
  );
  if (path !== undefined) return readSwept(path);
  const swept = listSwept(results);
  const valid =
    swept.length === 0
      ? `; make one with: ${describeCommand('sweep', [], results)}`
      : suggest(argument, swept);
  throw new UserError(`${results} holds no swept experiment "${argument}"${valid}`);
}

/**
 * Reads a sweep, and the settings of its runs: from their folders if they lie beside it, else from experiment files in
 * which a variant has the hash that the rows name. Rows of damaged runs, and of those of a plugin that is not loaded, are left out.
 *
 * @param view which of its rows; those of all evaluations if absent
 * @param experiments to look the settings up in, before those that come with this program
 * @param rows of the file, if they have been read
 * @throws UserError if the file is malformed or has no rows
 */
export function readSwept(
  path: string,
  view?: EvaluationView,
  experiments: readonly Experiment[] = [],
  rows = readSweep(path),
): SweptExperiment {
  const [first] = rows;
  if (first === undefined) throw new UserError(`${path} has no rows, expected those of a sweep`);
  const wanted = new Map(rows.map((row) => [settingsHashOf(row), row]));
  const settings = new Map<string, RunSettings>();
  const add = (experiment: Experiment) => {
    for (const run of expandRuns(experiment)) {
      const hash = run.hash.slice(0, 8);
      if (wanted.has(hash) && !settings.has(hash)) settings.set(hash, run.settings);
    }
  };
  const places = placesOf(path, rows);
  for (const { identity, directory } of places) {
    // The seeds of a variant have the same settings.
    if (!settings.has(identity.hash)) addSettings(directory, wanted, settings);
  }
  const found = places.map(lookAtRun);
  const leftOut = found.filter((run) => typeof run === 'object').filter(isLeftOut);
  const used = withoutRuns(rows, leftOut);
  experiments.forEach(add);
  if (settings.size < wanted.size) bundledExperiments(first.experiment).forEach(add);
  const selected = view === undefined ? used : selectRows(used, settings, view);
  return { experiment: first.experiment, rows: selected, settings, leftOut, path, ...(view && { view }) };
}

/** The rows of an experiment's sweep that are of none of these runs. */
export function withoutRuns(rows: readonly SweepRow[], leftOut: readonly LeftOutRun[]): readonly SweepRow[] {
  const ids = new Set(leftOut.map(({ id }) => id));
  return ids.size === 0 ? rows : rows.filter((row) => !ids.has(runIdOf(row)));
}

/** The folders of the runs of a table, as far as they lie beside it. */
function placesOf(path: string, rows: readonly SweepRow[]): RunPlace[] {
  const folder = dirname(resolve(path));
  const places = rows.map((row): RunPlace => {
    const { experiment, variant, seed } = row;
    const id = runIdOf(row);
    // A folder of results is named after its experiment, and may have been copied.
    const owner = basename(path) === 'sweep.csv' ? basename(folder) : experiment;
    const identity = { experiment: owner, variant, seed, hash: id.replace(/^.*-/, '') };
    return { identity, directory: join(dirname(path), id) };
  });
  const distinct = new Map(places.map((place) => [place.directory, place]));
  return [...distinct.values()].filter(({ directory }) => existsSync(directory));
}

/** Adds the settings of a run, unless its config.yaml is missing or damaged. */
function addSettings(
  directory: string,
  wanted: ReadonlyMap<string, unknown>,
  settings: Map<string, RunSettings>,
): void {
  const run = findRunSettings(directory);
  const hash = run?.hash.slice(0, 8) ?? '';
  if (run !== undefined && wanted.has(hash) && !settings.has(hash)) settings.set(hash, run.settings);
}

/** The runs that a table should have: those of the experiment's file, and those in the folder that the table lies in. */
export function findKnownRuns({ path, definition, settings }: SweptExperiment): KnownRuns {
  const folder = dirname(resolve(path));
  const isSweep = basename(path) === 'sweep.csv';
  const expected = definition && expandRuns(definition);
  const found = isSweep ? allRuns(findRuns(dirname(folder), [basename(folder)])) : [];
  const all = new Map(settings);
  for (const run of expected ?? []) all.set(run.hash.slice(0, 8), run.settings);
  for (const { identity, directory } of found) {
    if (!all.has(identity.hash)) addSettings(directory, new Map([[identity.hash, undefined]]), all);
  }
  return { expected, found, settings: all };
}

function bundledExperiments(name: string): Experiment[] {
  return listShipped()
    .map((shipped) => loadExperiment(join(CONFIGS, `${shipped.name}.yaml`)))
    .filter((experiment) => experiment.name === name);
}

/** Names of the experiments that have a sweep.csv. */
export function listSwept(results: string): string[] {
  return listExperiments(results).filter((folder) => existsSync(sweepPath(results, folder)));
}
