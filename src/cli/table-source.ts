/** @file Finds the rows of a sweep that a user names, and the settings that its runs were trained with. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Experiment, expandRuns } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import type { RunSettings } from '../config/schema.ts';
import { suggest, UserError } from '../errors.ts';
import { hashOf } from '../results/comparison.ts';
import { RUN_FILES } from '../results/run-directory.ts';
import { readSweep, type SweepRow, sweepPath } from '../results/sweep-table.ts';
import { wordCommand } from './experiments.ts';

/** Experiments that come with this program. */
const CONFIGS = join(import.meta.dirname, '../../configs');

export interface TableSource {
  readonly experiment: string;
  /** At least one. */
  readonly rows: readonly SweepRow[];
  /** By the first 8 digits of their hash, as far as they are known. */
  readonly settings: ReadonlyMap<string, RunSettings>;
}

/**
 * Reads the sweep that an argument names: an experiment file, a CSV file, an experiment's name in the results folder,
 * or a folder with a sweep.csv.
 *
 * @throws UserError if there is no such sweep, or a file is malformed
 */
export function findTableSource(argument: string, results: string): TableSource {
  if (/\.ya?ml$/i.test(argument)) {
    const experiment = loadExperiment(argument);
    const path = sweepPath(results, experiment.name);
    if (existsSync(path)) return readTableSource(path, [experiment]);
    const command = wordCommand('sweep', [argument], results);
    throw new UserError(`experiment "${experiment.name}" is not swept in ${results}; sweep with: ${command}`);
  }
  if (/\.csv$/i.test(argument)) {
    if (existsSync(argument)) return readTableSource(argument);
    throw new UserError(`there is no file ${argument}, expected a sweep.csv`);
  }
  const path = [sweepPath(results, argument), join(argument, 'sweep.csv')].find((candidate) =>
    existsSync(candidate),
  );
  if (path !== undefined) return readTableSource(path);
  const swept = listSwept(results);
  const valid = swept.length === 0 ? '; "td sweep" makes one' : suggest(argument, swept);
  throw new UserError(`${results} holds no swept experiment "${argument}"${valid}`);
}

/**
 * Reads a sweep, and the settings of its runs: from their folders if they lie beside it, else from experiment files in
 * which a variant has the hash that the rows name.
 *
 * @param experiments to look the settings up in, before those that come with this program
 * @throws UserError if the file is malformed or has no rows
 */
export function readTableSource(path: string, experiments: readonly Experiment[] = []): TableSource {
  const rows = readSweep(path);
  const [first] = rows;
  if (first === undefined) throw new UserError(`${path} has no rows, expected those of a sweep`);
  const wanted = new Map(rows.map((row) => [hashOf(row), row]));
  const settings = new Map<string, RunSettings>();
  const add = (experiment: Experiment) => {
    for (const run of expandRuns(experiment)) {
      const hash = run.hash.slice(0, 8);
      if (wanted.has(hash) && !settings.has(hash)) settings.set(hash, run.settings);
    }
  };
  for (const { runId } of wanted.values()) {
    const config = join(dirname(path), runId.replace(/@[0-9a-f]+$/, ''), RUN_FILES.config);
    if (existsSync(config)) add(loadExperiment(config));
  }
  experiments.forEach(add);
  if (settings.size < wanted.size) bundledExperiments(first.experiment).forEach(add);
  return { experiment: first.experiment, rows, settings };
}

function bundledExperiments(name: string): Experiment[] {
  return readdirSync(CONFIGS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => loadExperiment(join(CONFIGS, file)))
    .filter((experiment) => experiment.name === name);
}

/** Names of the experiments that have a sweep.csv. */
export function listSwept(results: string): string[] {
  const folders = existsSync(results) ? readdirSync(results) : [];
  return folders.filter((folder) => existsSync(sweepPath(results, folder)));
}
