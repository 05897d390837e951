/** @file The experiment files that a command line names. */
import type { Experiment } from '../config/experiment.ts';
import { type LoadOptions, loadExperiment } from '../config/load.ts';
import { UserError } from '../errors.ts';

/**
 * Loads experiment files.
 *
 * @throws UserError for a mistake in one, or if two have one name and so would share a results folder
 */
export function loadExperiments(files: readonly string[], options: LoadOptions = {}): Experiment[] {
  const experiments = files.map((file) => loadExperiment(file, options));
  const seen = new Map<string, string>();
  for (const { name, path } of experiments) {
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      throw new UserError(`${earlier} and ${path} are both named "${name}", expected each experiment once`);
    }
    seen.set(name, path);
  }
  return experiments;
}
