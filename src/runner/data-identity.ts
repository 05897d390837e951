/** @file Which images the runs of experiments are about: their fingerprints become part of the settings. */
import type { Experiment } from '../config/experiment.ts';
import type { DatasetSettings } from '../config/schema.ts';
import { describeOtherImages, requireImages } from '../data/fingerprint.ts';
import { identifyDataset, recallDataset } from '../data/registry.ts';
import type { StartStage } from '../data/types.ts';
import { UserError, unlessUserError } from '../errors.ts';
import type { FoundRun } from '../runs/find.ts';
import { readTrainedData } from '../runs/run-settings.ts';

/**
 * Adds the fingerprint of the images under each variant's path to its settings, so that its hash says which they are. They are
 * read if that is not known from an earlier time.
 *
 * @param startStage called when images have to be read
 * @throws UserError if images are missing or damaged, or others than the settings have the fingerprint of
 */
export async function identifyImages(experiment: Experiment, startStage: StartStage): Promise<Experiment> {
  const known = new Map<string, string>();
  for (const { settings } of experiment.variants) {
    const { name, path, fingerprint } = settings.dataset;
    if (path === undefined) continue;
    const key = keyOf(settings.dataset);
    if (!known.has(key)) {
      const identity = await identifyDataset({ ...settings.dataset, name, path }, startStage);
      known.set(key, identity.fingerprint);
    }
    requireImages({ found: known.get(key), expected: fingerprint, path, owner: 'dataset.fingerprint names' });
  }
  return withFingerprints(experiment, (dataset) => known.get(keyOf(dataset)));
}

/** The same as far as it is known without reading images. */
export function recallImages(experiment: Experiment): Experiment {
  return withFingerprints(experiment, (dataset) => recallDataset(dataset)?.fingerprint);
}

function withFingerprints(
  experiment: Experiment,
  find: (dataset: DatasetSettings) => string | undefined,
): Experiment {
  const variants = experiment.variants.map(({ name, settings }) => {
    const { dataset } = settings;
    const fingerprint = dataset.path === undefined ? undefined : (dataset.fingerprint ?? find(dataset));
    return {
      name,
      settings: fingerprint === undefined ? settings : { ...settings, dataset: { ...dataset, fingerprint } },
    };
  });
  return { ...experiment, variants };
}

function keyOf({ name, path }: DatasetSettings): string {
  return JSON.stringify([name, path]);
}

/**
 * Finds runs under whose path other images lie by now than they were trained on. Where nothing lies, nothing is wrong.
 *
 * @returns a sentence for each
 */
export async function findOtherImages(runs: readonly FoundRun[], startStage: StartStage): Promise<string[]> {
  const reasons = new Map<string, string | undefined>();
  for (const run of runs) {
    const dataset = findTrainedData(run);
    if (dataset?.path === undefined || dataset.fingerprint === undefined) continue;
    const { path, fingerprint: expected } = dataset;
    const key = JSON.stringify([path, expected]);
    if (reasons.has(key)) continue;
    const owner = `${run.identity.experiment}/${run.id} was trained on`;
    const found = await identifyIfPresent(dataset, startStage);
    reasons.set(key, describeOtherImages({ found, expected, path, owner }));
  }
  return [...reasons.values()].flatMap((reason) => reason ?? []);
}

/** A run without settings has just begun. */
function findTrainedData({ directory }: FoundRun): DatasetSettings | undefined {
  return unlessUserError(() => readTrainedData(directory));
}

/** The fingerprint of a data set's images; nothing if they are not there or damaged. */
export async function identifyIfPresent(
  dataset: DatasetSettings,
  startStage: StartStage,
): Promise<string | undefined> {
  try {
    return (await identifyDataset(dataset, startStage)).fingerprint;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
