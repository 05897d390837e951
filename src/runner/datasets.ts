/** @file The data sets that runs are trained on. */
import type { RunSpec } from '../config/experiment.ts';
import type { DatasetSettings } from '../data/registry.ts';
import type { Dataset } from '../data/types.ts';
import { UserError } from '../errors.ts';
import { prepareTraining } from '../training/setup.ts';

/**
 * The data set of each run, loaded once if several share it, and found to fit.
 *
 * @throws UserError if one is missing or damaged, or a model or batch size does not fit it
 */
export async function loadDatasets(
  runs: readonly RunSpec[],
  load: (settings: DatasetSettings) => Promise<Dataset>,
): Promise<Dataset[]> {
  const loaded = new Map<string, Promise<Dataset>>();
  const fitting = new Set<string>();
  const datasets: Dataset[] = [];
  for (const run of runs) {
    const { settings, imagesPath } = run;
    const wanted = imagesPath === undefined ? settings.dataset : { ...settings.dataset, path: imagesPath };
    const key = JSON.stringify(wanted);
    const loading = loaded.get(key) ?? load(wanted);
    loaded.set(key, loading);
    const dataset = await loading;
    // Seeds differ in nothing that could not fit.
    const fit = `${key} ${run.experiment} ${run.variant} ${run.hash}`;
    if (!fitting.has(fit)) await requireFit(run, dataset);
    fitting.add(fit);
    datasets.push(dataset);
  }
  return datasets;
}

async function requireFit(run: RunSpec, dataset: Dataset): Promise<void> {
  try {
    await prepareTraining(run, dataset);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`variant "${run.variant}": ${error.message}`) : error;
  }
}
