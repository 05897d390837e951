/** @file A folder of images with one folder for each class: which files there are, their labels, and which are for testing. */
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { isFolder } from '../files.ts';

export interface ImageFile {
  readonly path: string;
  readonly label: number;
}

export interface ImageFolder {
  /** Names of the folders, by label. */
  readonly classNames: readonly string[];
  readonly train: readonly ImageFile[];
  readonly test: readonly ImageFile[];
}

/** Labels are words of 16 bits. */
const MOST_CLASSES = 2 ** 16;

/** Folders in one another; deeper ones lead in a circle. */
const DEEPEST = 16;

/** What systems leave behind in folders. */
const IGNORED = /^(\..*|Thumbs\.db|desktop\.ini|__MACOSX)$/i;

/**
 * Finds the images of a folder. Those of a split come in an order that looks random and depends on nothing but their names, so
 * that the first n are a fair choice.
 *
 * @param testShare if absent, the folder has the folders `train` and `test` (or `val`), with the folders of the classes in each;
 *   else it has those of the classes itself, and this share of each class, rounded, at least one image and not all, is for testing
 * @throws UserError if a folder is missing or empty, or the classes of train and test differ
 */
export function findImages(path: string, testShare: number | undefined): ImageFolder {
  if (!isFolder(path)) throw new UserError(`"${path}" is not a folder, expected one with images`);
  const folders = listEntries(path).filter(({ isFolder }) => isFolder);
  const has = (name: string) => folders.some((folder) => folder.name === name);
  const testName = ['test', 'val'].find(has);
  if (testShare === undefined) {
    if (!has('train') || testName === undefined)
      throw new UserError(
        `"${path}" has no folder "${has('train') ? 'test' : 'train'}", expected train/<class>/… and test/<class>/…, or folders of classes and dataset.testShare`,
      );
    return findSplits(join(path, 'train'), join(path, testName));
  }
  if (has('train') && testName !== undefined && folders.length === 2)
    throw new UserError(
      `"${path}" has the folders "train" and "${testName}", expected folders of classes where dataset.testShare is set; leave it out`,
    );
  return splitClasses(findClasses(path), path, testShare);
}

function findSplits(trainPath: string, testPath: string): ImageFolder {
  const [train, test] = [findClasses(trainPath), findClasses(testPath)];
  const classNames = [...train.keys()];
  const more = [...test.keys()].find((name) => !train.has(name));
  if (more !== undefined)
    throw new UserError(`"${trainPath}" has no class "${more}", which "${testPath}" has`);
  const missing = classNames.find((name) => !test.has(name));
  if (missing !== undefined)
    throw new UserError(`"${testPath}" has no class "${missing}", which "${trainPath}" has`);
  const list = (root: string, classes: ReadonlyMap<string, readonly string[]>) =>
    shuffle([...classes].flatMap(([name, files]) => files.map((file) => `${name}/${file}`))).map((file) => ({
      path: join(root, file),
      label: classNames.indexOf(file.slice(0, file.indexOf('/'))),
    }));
  return { classNames, train: list(trainPath, train), test: list(testPath, test) };
}

function splitClasses(
  classes: ReadonlyMap<string, readonly string[]>,
  root: string,
  testShare: number,
): ImageFolder {
  const [train, test]: [string[], string[]] = [[], []];
  for (const [name, files] of classes) {
    if (files.length < 2)
      throw new UserError(
        `"${join(root, name)}" has one image, expected at least one to train and one to test`,
      );
    const count = Math.min(files.length - 1, Math.max(1, Math.round(files.length * testShare)));
    const shuffled = shuffle(files.map((file) => `${name}/${file}`));
    test.push(...shuffled.slice(0, count));
    train.push(...shuffled.slice(count));
  }
  const classNames = [...classes.keys()];
  const label = (file: string) => ({
    path: join(root, file),
    label: classNames.indexOf(file.slice(0, file.indexOf('/'))),
  });
  return { classNames, train: shuffle(train).map(label), test: shuffle(test).map(label) };
}

/** The files of each class, by its name; names are sorted by their characters' numbers, the same on every machine. */
function findClasses(root: string): Map<string, string[]> {
  const entries = listEntries(root);
  const loose = entries.find(({ isFolder }) => !isFolder);
  if (loose !== undefined)
    throw new UserError(`${join(root, loose.name)} lies in no folder of a class; move it into one`);
  if (entries.length < 2 || entries.length > MOST_CLASSES)
    throw new UserError(`"${root}" has ${entries.length} folders of classes, expected 2 to ${MOST_CLASSES}`);
  return new Map(
    entries.map(({ name }) => {
      const files = listFiles(join(root, name), '', 0);
      if (files.length === 0)
        throw new UserError(`"${join(root, name)}" has no images, expected at least one`);
      return [name, files];
    }),
  );
}

/** Paths below a folder, those in inner folders too. */
function listFiles(root: string, folder: string, depth: number): string[] {
  if (depth > DEEPEST)
    throw new UserError(`"${join(root, folder)}" lies too deep, expected ${DEEPEST} folders at most`);
  return listEntries(join(root, folder)).flatMap(({ name, isFolder }) => {
    const path = folder === '' ? name : `${folder}/${name}`;
    return isFolder ? listFiles(root, path, depth + 1) : [path];
  });
}

interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** In the order of their names, whatever the file system says; links are followed. */
function listEntries(folder: string): FolderEntry[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !IGNORED.test(name))
      .map((entry) => ({ name: entry.name, isFolder: leadsToFolder(folder, entry) }))
      .sort((a, b) => compare(normalize(a.name), normalize(b.name)));
  } catch (error) {
    throw new UserError(`cannot read ${folder}: ${(error as Error).message}`);
  }
}

function leadsToFolder(folder: string, entry: Dirent): boolean {
  return entry.isSymbolicLink() ? statSync(join(folder, entry.name)).isDirectory() : entry.isDirectory();
}

/** Sorted by the SHA-256 of their names. */
function shuffle(files: readonly string[]): string[] {
  const keyed = files.map((file) => {
    const key = createHash('sha256').update(normalize(file)).digest('hex');
    return { file, key };
  });
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ file }) => file);
}

/** Apple's file systems write letters with accents as two characters. */
function normalize(name: string): string {
  return name.normalize('NFC');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
