/** @file Loads data sets in the format of MNIST. */
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import type { StartStage } from '../../progress.ts';
import { readDataFile, readPinnedFile, sizeOfFiles } from '../files.ts';
import { beginPassage } from '../large.ts';
import type { Dataset, Split } from '../types.ts';
import { findIdxFiles, type IdxFiles } from './folder.ts';
import { decodeIdx } from './format.ts';
import { hasAllFiles, IDX_ROLES, type IdxRole, type IdxStore } from './manifest.ts';
import { fetchIdx } from './sources.ts';

/** A file's content and the name that errors call it by. */
interface Content {
  readonly where: string;
  readonly bytes: Uint8Array;
}

type Contents = Readonly<Record<IdxRole, Content>>;

/** MNIST and Fashion-MNIST have as many. */
const FEWEST_CLASSES = 10;

/**
 * Loads the data set of the manifest.
 *
 * @throws UserError if a file is missing or its hash is not that of the manifest, or the data set cannot be fetched
 */
export async function loadPublished(store: IdxStore, startStage: StartStage): Promise<Dataset> {
  const { name, manifest } = store;
  const { source, files, classes } = manifest;
  if ('addresses' in source && !hasAllFiles(store)) await fetchIdx(store, undefined, startStage);
  const { folder } = store;
  if (folder === undefined) {
    throw new UserError(`the package with ${name} is not installed; run "npm ci"`);
  }
  const remedy =
    'addresses' in source
      ? `"td data fetch ${name}" brings it back`
      : `delete the package's folder and run "npm ci"`;
  const read = (role: IdxRole) => ({
    where: join(folder, files[role].name),
    bytes: readPinnedFile(folder, files[role], remedy),
  });
  return assemble(name, readAll(read), classes);
}

/** @throws UserError if a file is missing, damaged or does not fit the others */
export function loadFolder(name: string, path: string, startStage: StartStage): Dataset {
  const files = findFiles(path);
  const passage = beginPassage(`reading ${path}`, sizeOfFiles(Object.values(files)), startStage);
  const read = (role: IdxRole) => {
    const where = files[role];
    const bytes = readDataFile(where);
    if (bytes === undefined) throw new UserError(`dataset.path: ${where} is gone`);
    passage.add(bytes.length);
    return { where, bytes };
  };
  try {
    return assemble(name, readAll(read));
  } finally {
    passage.stop();
  }
}

function findFiles(path: string): IdxFiles {
  try {
    return findIdxFiles(path);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`dataset.path: ${error.message}`) : error;
  }
}

function readAll(read: (role: IdxRole) => Content): Contents {
  const entries = IDX_ROLES.map((role) => [role, read(role)] as const);
  return Object.fromEntries(entries) as Record<IdxRole, Content>;
}

/** @param classes as many as the labels ask for, if absent */
function assemble(
  name: string,
  { trainImages, trainLabels, testImages, testLabels }: Contents,
  classes?: number,
): Dataset {
  const train = readSplit(trainImages, trainLabels);
  const test = readSplit(testImages, testLabels);
  if (train.height !== test.height || train.width !== test.width) {
    throw new UserError(
      `${testImages.where} has images of ${test.height} × ${test.width}, ` +
        `expected ${train.height} × ${train.width} as for training`,
    );
  }
  return {
    name,
    imageShape: [train.height, train.width, 1],
    classes: classes ?? countClasses([train.split, test.split]),
    train: train.split,
    test: test.split,
  };
}

function readSplit(imageContent: Content, labelContent: Content) {
  const images = decodeIdx(imageContent.bytes, 3, imageContent.where);
  const labels = decodeIdx(labelContent.bytes, 1, labelContent.where);
  const [count = 0, height = 0, width = 0] = images.shape;
  if (labels.values.length !== count) {
    throw new UserError(
      `${labelContent.where} has ${labels.values.length} labels, expected ${count}, one for each image of ${imageContent.where}`,
    );
  }
  const split: Split = { count, images: images.values, labels: labels.values };
  return { split, height, width };
}

/** As many as the labels ask for, and never fewer than ten: networks that were trained on a few digits of MNIST stay as they are. */
function countClasses(splits: readonly Split[]): number {
  const largest = (labels: Split['labels']) => {
    let most = 0;
    for (const label of labels) most = Math.max(most, label);
    return most;
  };
  return Math.max(FEWEST_CLASSES, ...splits.map(({ labels }) => largest(labels) + 1));
}
