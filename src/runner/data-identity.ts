/** @file Which images the runs of experiments are trained on: the fingerprints of the user's own become part of the settings. */
import { readdirSync, statSync } from 'node:fs';
import type { Experiment } from '../config/experiment.ts';
import { describeOtherImages, requireImages } from '../data/fingerprint.ts';
import { identifyDataset, imagesKey, isDatasetPresent, recallDataset } from '../data/load.ts';
import { type DatasetSettings, isPinned } from '../data/registry.ts';
import { UserError, unlessUserError } from '../errors.ts';
import { getOrMake } from '../maps.ts';
import type { StartStage } from '../progress.ts';
import type { FoundRun } from '../runs/find.ts';
import { notedFingerprint, readTrainedData } from '../runs/run-settings.ts';

/**
 * Adds the fingerprint of the images under each variant's path to its settings, so that the variant's hash covers them. The
 * images are read if their fingerprint is not known from an earlier time.
 *
 * @param startStage called when images have to be read
 * @throws UserError if images are missing or damaged, or others than the settings have the fingerprint of
 */
export async function identifyImages(experiment: Experiment, startStage: StartStage): Promise<Experiment> {
  const known = new Map<string, string>();
  for (const { settings } of experiment.variants) {
    const { path, fingerprint } = settings.dataset;
    if (path === undefined) continue;
    const key = imagesKey(settings.dataset);
    if (!known.has(key)) {
      const identity = await identifyDataset(settings.dataset, startStage);
      known.set(key, identity.fingerprint);
    }
    requireImages({ found: known.get(key), expected: fingerprint, path, owner: 'dataset.fingerprint names' });
  }
  return withFingerprints(experiment, (dataset) => known.get(imagesKey(dataset)));
}

/** Does what `identifyImages` does, but only for images whose fingerprint is known without reading them. */
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

/**
 * Finds the images that a run was trained on: under its own path, or another that holds the same.
 *
 * @param others where else they may lie
 * @param identify says which images lie in a place, by their fingerprint
 * @returns nothing if they are in no such place, or it is not known which they are
 */
export async function locateTrainedImages(
  trained: DatasetSettings,
  others: readonly DatasetSettings[],
  identify: (dataset: DatasetSettings) => Promise<string | undefined>,
): Promise<DatasetSettings | undefined> {
  if (trained.fingerprint === undefined) return undefined;
  for (const { name, path } of [trained, ...others]) {
    const candidate = { ...trained, path };
    if (name === trained.name && (await identify(candidate)) === trained.fingerprint) return candidate;
  }
  return undefined;
}

/**
 * Names the runs under whose path, or in whose plugin's data set, other images lie by now than they were trained on, or such as cannot be
 * read, in a sentence for each place. Where nothing lies there is nothing to say.
 *
 * @param others where else the images may lie
 */
export async function findOtherImages(
  runs: readonly FoundRun[],
  startStage: StartStage,
  others: readonly DatasetSettings[] = [],
): Promise<string[]> {
  const places = new Map<string, Promise<IdentifiedPlace>>();
  const look = (dataset: DatasetSettings) =>
    getOrMake(places, imagesKey(dataset), () => identifyPlace(dataset, startStage));
  const identify = async (dataset: DatasetSettings) => (await look(dataset)).fingerprint;
  const sentences = new Map<string, string | undefined>();
  for (const run of runs) {
    const trained = findTrainedData(run);
    if (trained?.fingerprint === undefined || isPinned(trained) || !isDatasetPresent(trained)) continue;
    const { name, path = name, fingerprint: expected } = trained;
    const key = JSON.stringify([imagesKey(trained), expected]);
    if (sentences.has(key)) continue;
    const isAtHand = (await locateTrainedImages(trained, others, identify)) !== undefined;
    const { fingerprint: found, problem }: IdentifiedPlace = isAtHand
      ? { fingerprint: expected }
      : await look(trained);
    const owner = `${run.identity.experiment}/${run.id} was trained on`;
    const { directory } = run;
    const unread =
      problem &&
      `the images in ${path} cannot be compared with those that ${owner}: ${problem}; bring those back`;
    sentences.set(key, unread ?? describeOtherImages({ found, expected, path, owner, directory }));
  }
  return [...sentences.values()].flatMap((sentence) => sentence ?? []);
}

/**
 * Refuses work on runs while other images lie under their path than they were trained on.
 *
 * @throws UserError as `findOtherImages` words it
 */
export async function requireImagesOfRuns(
  runs: readonly FoundRun[],
  startStage: StartStage,
  others: readonly DatasetSettings[] = [],
): Promise<void> {
  const [problem] = await findOtherImages(runs, startStage, others);
  if (problem !== undefined) throw new UserError(problem);
}

/** With the fingerprint that was noted, also of images that have no path. A run without settings has just begun. */
function findTrainedData({ directory }: FoundRun): DatasetSettings | undefined {
  return unlessUserError(() => {
    const trained = readTrainedData(directory);
    return { ...trained, fingerprint: trained.fingerprint ?? notedFingerprint(directory) };
  });
}

/** The fingerprint of a data set's images; nothing if they are not there or damaged. */
export async function identifyIfPresent(
  dataset: DatasetSettings,
  startStage: StartStage,
): Promise<string | undefined> {
  return (await identifyPlace(dataset, startStage)).fingerprint;
}

/** What lies in the place of a data set; nothing if nothing does. */
interface IdentifiedPlace {
  readonly fingerprint?: string;
  /** Why the images that lie there cannot be read, in a clause that names the file. */
  readonly problem?: string;
}

async function identifyPlace(dataset: DatasetSettings, startStage: StartStage): Promise<IdentifiedPlace> {
  try {
    return { fingerprint: (await identifyDataset(dataset, startStage)).fingerprint };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return dataset.path !== undefined && holdsFiles(dataset.path) ? { problem: error.message } : {};
  }
}

/** Whether there is a file, or a folder with something in it: that of a disk that is not there is empty, or cannot be looked into. */
function holdsFiles(path: string): boolean {
  try {
    return !statSync(path).isDirectory() || readdirSync(path).length > 0;
  } catch {
    return false;
  }
}
