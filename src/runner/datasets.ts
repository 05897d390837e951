/** @file The data sets that runs are trained on. */
import type { RunSpec } from '../config/experiment.ts';
import { TooFewImagesError } from '../data/load.ts';
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
    const dataset = await naming(
      run,
      () => loading,
      (error) => error instanceof TooFewImagesError,
    );
    // Seeds differ in nothing that could not fit.
    const fit = `${key} ${run.experiment} ${run.variant} ${run.hash}`;
    if (!fitting.has(fit)) await naming(run, () => prepareTraining(run, dataset));
    fitting.add(fit);
    datasets.push(dataset);
  }
  return datasets;
}

/** Names the run in the error of what is done for it. @param isOwn whether an error is of the run, and not of images that many share */
async function naming<T>(
  { experiment, variant }: RunSpec,
  work: () => Promise<T>,
  isOwn: (error: UserError) => boolean = () => true,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError) || !isOwn(error)) throw error;
    throw new UserError(`experiment "${experiment}", variant "${variant}": ${error.message}`);
  }
}
