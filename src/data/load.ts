/** @file Loading the data set of a run's settings, and finding out which images it is. */
import { existsSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';
import { SILENT, type StartStage } from '../progress.ts';
import { fingerprintOf, requireImages } from './fingerprint.ts';
import {
  type DataIdentity,
  recallIdentity,
  rememberIdentity,
  type Stamp,
  stampOf,
} from './fingerprint-cache.ts';
import { type DatasetSettings, datasets, isPinned } from './registry.ts';
import { commonSettings } from './settings.ts';
import type { Dataset, DatasetForm, Split } from './types.ts';

/** Images that were read to identify them, for whoever loads them next: by data set, path and stamp. */
const atHand = new Map<string, Dataset>();

/** What was wrong with images that were read, by the same: a broken file among thousands is not looked for twice. */
const refusals = new Map<string, UserError>();

/**
 * Loads a data set, cut to its first `trainImages` and `testImages` where these are set. What is not there yet is
 * fetched, unless the settings name a path.
 *
 * @throws UserError if a file is missing or damaged, there are fewer images than asked for, or they are others than the
 *   settings have the fingerprint of
 */
export async function loadDataset(
  settings: DatasetSettings,
  startStage: StartStage = SILENT,
): Promise<Dataset> {
  const { dataset, identity } = await loadWhole(settings, startStage);
  const { fingerprint } = identity;
  requireImages({
    found: fingerprint,
    expected: settings.fingerprint,
    path: settings.path ?? settings.name,
    owner: 'dataset.fingerprint names',
  });
  return { ...applySettings(settings, dataset), fingerprint };
}

/**
 * Which images lie under the settings' path. They are read if it is not known from an earlier time.
 *
 * @throws UserError if a file is missing or damaged
 */
export async function identifyDataset(
  settings: DatasetSettings,
  startStage: StartStage = SILENT,
): Promise<DataIdentity> {
  const known = recallDataset(settings);
  if (known !== undefined) return known;
  const { dataset, identity } = await loadWhole(settings, startStage);
  const stamp = stampAt(settings);
  if (stamp !== undefined) atHand.set(keyOf(settings, stamp), dataset);
  return identity;
}

/** As `identifyDataset`, if it is known from an earlier time; nothing if the images would have to be read. */
export function recallDataset(settings: DatasetSettings): DataIdentity | undefined {
  const place = placeOf(settings);
  const stamp = stampAt(settings);
  return place === undefined || stamp === undefined
    ? undefined
    : recallIdentity(identityKey(settings), place, stamp);
}

/** The same text for settings that lead to the same images: data set, path and the data set's own settings. */
export function imagesKey(settings: DatasetSettings): string {
  return JSON.stringify([identityKey(settings), settings.path]);
}

async function loadWhole(
  settings: DatasetSettings,
  startStage: StartStage,
): Promise<{ dataset: Dataset; identity: DataIdentity }> {
  const before = stampAt(settings);
  const key = before && keyOf(settings, before);
  const waiting = key === undefined ? undefined : atHand.get(key);
  if (key !== undefined) atHand.delete(key);
  const dataset = waiting ?? (await readImages(settings, startStage, key));
  const place = placeOf(settings);
  const after = stampAt(settings);
  const isSettled = after !== undefined && (isPinned(settings) || before?.digest === after.digest);
  const kind = identityKey(settings);
  const known = isSettled && place !== undefined ? recallIdentity(kind, place, after) : undefined;
  const { imageShape, classes } = dataset;
  const identity = known ?? { fingerprint: fingerprintOf(dataset, startStage), imageShape, classes };
  if (known === undefined && isSettled && place !== undefined) rememberIdentity(kind, place, after, identity);
  return { dataset, identity };
}

/** @param key of the images' place and stamp, if it is known */
async function readImages(
  settings: DatasetSettings,
  startStage: StartStage,
  key: string | undefined,
): Promise<Dataset> {
  const refusal = key === undefined ? undefined : refusals.get(key);
  if (refusal !== undefined) throw refusal;
  const { name, path } = settings;
  try {
    return await datasets.get(name).load(settings, startStage).catch(explainMisplaced(path));
  } catch (error) {
    // What is fetched may come at the next attempt.
    if (key !== undefined && path !== undefined && error instanceof UserError) refusals.set(key, error);
    throw error;
  }
}

/**
 * Adds to the error of a path at which there is nothing where its end would lead from the working folder: relative paths in files are often
 * meant so. Other errors stay as they are.
 */
function explainMisplaced(path: string | undefined): (error: unknown) => never {
  return (error) => {
    if (path === undefined || existsSync(path)) throw error;
    const parts = resolve(path).split(sep);
    const ends = parts.map((_, index) => parts.slice(index + 1).join(sep)).filter((end) => end !== '');
    const meant = ends.find((end) => existsSync(end));
    if (meant === undefined) throw error;
    throw new UserError(
      `dataset.path: there is nothing at "${path}"; a relative path is relative to the file that says it, did you mean "${resolve(meant)}"?`,
    );
  };
}

/** Where the files lie; nothing if they are not there. */
function placeOf({ name, path }: DatasetSettings): string | undefined {
  return path === undefined ? datasets.get(name).describe().folder : resolve(path);
}

function stampAt(settings: DatasetSettings): Stamp | undefined {
  const place = placeOf(settings);
  return place === undefined ? undefined : stampOf(place, datasets.get(settings.name).mostEntries);
}

function keyOf(settings: DatasetSettings, stamp: Stamp): string {
  return JSON.stringify([imagesKey(settings), stamp.digest]);
}

/** The name of the data set, with the values of its own settings if it has any: they may change its images. */
function identityKey({ name, ...settings }: DatasetSettings): string {
  const own = Object.entries(settings).filter(([key]) => !Object.hasOwn(commonSettings, key));
  return own.length === 0 ? name : JSON.stringify([name, ...own.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Whether `loadDataset` would find all files and fetch none; what a path names is taken to be there. */
export function isDatasetPresent({ name, path }: DatasetSettings): boolean {
  return path !== undefined || datasets.get(name).describe().isPresent;
}

/**
 * Zeros in the number and shape of the data set's images, cut as the settings say: enough to time a training.
 *
 * @throws UserError if there are fewer images than asked for
 */
export function blankDataset(settings: DatasetSettings): Dataset {
  const { name } = settings;
  const { imageShape, classes, trainImages, testImages } = formOf(settings);
  const blank = (count: number): Split => ({
    count,
    images: new Uint8Array(count * imageShape.reduce((product, extent) => product * extent, 1)),
    labels: new Uint8Array(count),
  });
  return applySettings(settings, {
    name,
    imageShape,
    classes,
    train: blank(trainImages),
    test: blank(testImages),
  });
}

/**
 * Shapes and numbers of a data set's images, without loading one.
 *
 * @throws UserError if they depend on files that are not there, or a plugin does not say them
 */
export function formOf(settings: DatasetSettings): DatasetForm {
  const { imageShape, classes, trainImages, testImages } = datasets.get(settings.name).describe(settings);
  if (
    imageShape === undefined ||
    classes === undefined ||
    trainImages === undefined ||
    testImages === undefined
  )
    throw new UserError(
      `describe of the data set "${settings.name}" does not say the form of its images, expected imageShape, classes, trainImages and testImages`,
    );
  return { imageShape, classes, trainImages, testImages };
}

function applySettings(settings: DatasetSettings, dataset: Dataset): Dataset {
  const { normalization, augmentation } = settings;
  const { imageShape } = dataset;
  const train = takeFirst(dataset.train, settings.trainImages, 'dataset.trainImages');
  const test = takeFirst(dataset.test, settings.testImages, 'dataset.testImages');
  return {
    ...dataset,
    train: {
      ...train,
      normalization,
      ...(augmentation === 'crop-flip' && { augmentation: { name: augmentation, imageShape } }),
    },
    test: { ...test, normalization },
  };
}

/** A data set has fewer images than the settings ask for. */
export class TooFewImagesError extends UserError {}

function takeFirst(split: Split, count: number | undefined, setting: string): Split {
  if (count === undefined) return split;
  if (count > split.count)
    throw new TooFewImagesError(`${setting} is ${count}, expected at most ${split.count}`);
  const imageSize = split.images.length / split.count;
  return {
    ...split,
    count,
    images: split.images.subarray(0, count * imageSize),
    labels: split.labels.subarray(0, count),
  };
}
