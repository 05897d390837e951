/** @file The settings and images that a run was trained with, from its own folder. */
import { join, resolve } from 'node:path';
import { expandRuns, type RunSpec } from '../config/experiment.ts';
import { loadExperiment } from '../config/load.ts';
import type { DatasetSettings } from '../data/registry.ts';
import { UserError, unlessUserError } from '../errors.ts';
import { writeJson } from '../files/json.ts';
import { RUN_FILES } from './directory.ts';
import { readEnvironment } from './environment.ts';

/**
 * Reads a run's own config.yaml. A relative path of data, which earlier versions wrote, is left as it is: it was relative to
 * the folder in which td was started, and is part of such a run's hash.
 *
 * @throws UserError if the file is missing, or is not that of one run
 */
export function readRunSettings(directory: string): RunSpec {
  const path = join(directory, RUN_FILES.config);
  const [spec, other] = expandRuns(loadExperiment(path, { dataPaths: 'as written' }));
  if (spec !== undefined && other === undefined) return spec;
  throw new UserError(`${path} holds the settings of several runs, expected those of one`);
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
  const noted = readEnvironment(directory)?.dataFingerprint;
  const fingerprint = dataset.fingerprint ?? (typeof noted === 'string' ? noted : undefined);
  return { ...dataset, path: resolve(dataset.path), fingerprint };
}

/**
 * Notes in environment.json which images a run was trained on, if it does not say so yet: a run of an earlier version has
 * only their path.
 *
 * @throws UserError if the file is malformed
 */
export function noteFingerprint(directory: string, fingerprint: string): void {
  const environment = readEnvironment(directory) ?? {};
  if (environment.dataFingerprint !== undefined) return;
  writeJson(join(directory, RUN_FILES.environment), { ...environment, dataFingerprint: fingerprint });
}
