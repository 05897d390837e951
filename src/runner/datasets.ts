/** @file The data sets that runs are trained on. */
import type { RunSpec } from '../config/experiment.ts';
import { loadDataset } from '../data/load.ts';
import type { DatasetSettings } from '../data/registry.ts';
import type { Dataset } from '../data/types.ts';
import { UserError } from '../errors.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { planTraining } from '../training/trainer.ts';

/**
 * The data set of each run, loaded once if several share it, and found to fit.
 *
 * @param load fetches what is not there, if absent
 * @throws UserError if one is missing or damaged, or a model or batch size does not fit it
 */
export async function loadDatasets(
  runs: readonly RunSpec[],
  load = (settings: DatasetSettings) => loadDataset(settings, startFetchStage),
): Promise<Dataset[]> {
  const loaded = new Map<string, Promise<Dataset>>();
  const datasets: Dataset[] = [];
  for (const { settings, variant, imagesPath } of runs) {
    const wanted = imagesPath === undefined ? settings.dataset : { ...settings.dataset, path: imagesPath };
    const key = JSON.stringify(wanted);
    const loading = loaded.get(key) ?? load(wanted);
    loaded.set(key, loading);
    const dataset = await loading;
    await requireFit(() => planTraining(settings, dataset), variant);
    datasets.push(dataset);
  }
  return datasets;
}

async function requireFit(plan: () => Promise<unknown>, variant: string): Promise<void> {
  try {
    await plan();
  } catch (error) {
    throw error instanceof UserError ? new UserError(`variant "${variant}": ${error.message}`) : error;
  }
}
