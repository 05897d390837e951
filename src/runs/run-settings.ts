/** @file The settings and images that a run was trained with, from its own folder. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expandRuns, type RunSpec } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import type { DatasetSettings } from '../data/registry.ts';
import { UserError, unlessUserError } from '../errors.ts';
import { LARGEST_RECORD, writeJson } from '../files/json.ts';
import { readBoundedFile } from '../files/read.ts';
import { RUN_FILES, runId } from './directory.ts';
import { readEnvironment } from './environment.ts';

/**
 * Reads a run's own config.yaml. A relative path of data, which earlier versions wrote, is left as it is: it was relative to
 * the folder in which td was started, and is part of such a run's hash.
 *
 * @throws UserError if the file is missing, or is not that of one run
 */
export function readRunSettings(directory: string): RunSpec {
  const path = join(directory, RUN_FILES.config);
  if (!existsSync(path)) throw new UserError(`${path} is missing`);
  const text = splitAtSeed(path);
  const known = text && specs.get(text.rest);
  if (known !== undefined) return withSeed(known, text?.seed ?? 0);
  const [spec, other] = expandRuns(loadExperiment(path, { dataPaths: 'as written' }));
  if (spec === undefined || other !== undefined)
    throw new UserError(`${path} holds the settings of several runs, expected those of one`);
  if (text === undefined || spec.parent !== undefined) return spec;
  if (specs.size >= MOST_SPECS) specs.clear();
  specs.set(text.rest, spec);
  return spec;
}

/** Runs by the text of their config.yaml without its seed: that of another seed need not be understood anew. */
const specs = new Map<string, RunSpec>();
const MOST_SPECS = 1000;

/** The text of a config.yaml as td writes it, in two; nothing of any other, nor of one that depends on another file. */
function splitAtSeed(path: string): { readonly rest: string; readonly seed: number } | undefined {
  const text = unlessUserError(() => readBoundedFile(path, LARGEST_RECORD))?.toString('utf8') ?? '';
  const [, name, seed, rest = ''] =
    /^(name: [\w.-]+\n)seeds:\n {2}- (0|[1-9]\d{0,14})\n(.*)$/s.exec(text) ?? [];
  if (name === undefined || /^extends\b/m.test(rest)) return undefined;
  return { rest: name + rest, seed: Number(seed) };
}

function withSeed(spec: RunSpec, seed: number): RunSpec {
  return { ...spec, seed, id: runId({ ...spec, seed }) };
}

/** The same, or nothing if the file is missing or damaged. */
export function findRunSettings(directory: string): RunSpec | undefined {
  return unlessUserError(() => readRunSettings(directory));
}

/**
 * The data set that a run was trained on: its settings, with a full path, and its fingerprint where that is known. Runs of
 * earlier versions have it once it was noted.
 *
 * @throws UserError as `readRunSettings`, or if environment.json is malformed
 */
export function readTrainedData(directory: string): DatasetSettings {
  const { dataset } = readRunSettings(directory).settings;
  if (dataset.path === undefined) return dataset;
  const fingerprint = dataset.fingerprint ?? notedFingerprint(directory);
  return { ...dataset, path: resolve(dataset.path), fingerprint };
}

/**
 * The fingerprint of the images that a run was trained on, wherever they came from; nothing if it was not noted.
 *
 * @throws UserError if environment.json is malformed
 */
export function notedFingerprint(directory: string): string | undefined {
  const noted = readEnvironment(directory)?.dataFingerprint;
  return typeof noted === 'string' ? noted : undefined;
}

/**
 * Notes in environment.json which images a run was trained on, if it does not say so yet: a run of an earlier version has
 * only their path.
 *
 * @throws UserError if the file is malformed
 */
export function noteFingerprint(directory: string, fingerprint: string): void {
  const environment = readEnvironment(directory);
  if (environment === undefined || environment.dataFingerprint !== undefined) return;
  writeJson(join(directory, RUN_FILES.environment), { ...environment, dataFingerprint: fingerprint });
}
