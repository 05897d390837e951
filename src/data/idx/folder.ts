/** @file The four IDX files of a data set, found under the names that they have where they come from. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../errors.ts';
import { lookAt } from '../../files/read.ts';
import { describeFile, isFolder } from '../files.ts';
import type { IdxRole } from './manifest.ts';

/** Paths of the four files. */
export type IdxFiles = Readonly<Record<IdxRole, string>>;

const ROLES: IdxFiles = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};

/**
 * `train-images-idx3-ubyte`, `t10k-labels.idx1-ubyte.gz`, `emnist-letters-test-images-idx3-ubyte.gz`. Files that are packed
 * with other programs match, too, so that the error can say how they are packed.
 */
const NAME =
  /^(?:(?<prefix>.+)[-_.])?(?<split>train|t10k|test)[-_](?<kind>images[-_.]idx3|labels[-_.]idx1)[-_]ubyte(?<ending>\.(?:gz|bz2|xz|zst|lz4|z|zip|7z|rar))?$/i;

/** A folder's own files come first, then those that torchvision puts into `raw`. */
const PLACES = ['', 'raw'];

interface Candidate {
  readonly prefix: string;
  readonly role: IdxRole;
  readonly path: string;
  /** Of several files for one role the one with the lowest rank is taken: plain before packed, `-idx` before `.idx`. */
  readonly rank: number;
}

/**
 * Finds the files in a folder, each by itself or in a folder of its own name.
 *
 * @param path the folder, or the folder and what the names of the files begin with: `gzip/emnist-letters`
 * @throws UserError if there is no such folder, a file is missing, or the folder holds several data sets and none is named
 */
export function findIdxFiles(path: string): IdxFiles {
  const isPrefixed = !isFolder(path);
  const folder = isPrefixed ? dirname(path) : path;
  const candidates = isFolder(folder) ? PLACES.flatMap((place) => listCandidates(join(folder, place))) : [];
  const prefixes = [...new Set(candidates.map(({ prefix }) => prefix))].sort();
  if (isPrefixed && !prefixes.includes(basename(path))) {
    const content = lookAt(path)?.isFile() ? describeFile(path) : undefined;
    throw new UserError(
      `"${path}" is not a folder, expected one with the data set's four IDX files${content === undefined ? '' : `: ${content}`}`,
    );
  }
  const prefix = isPrefixed ? basename(path) : choosePrefix(folder, prefixes);
  const find = (role: IdxRole) => {
    const found = candidates.filter((one) => one.prefix === prefix && one.role === role);
    const [best] = found.toSorted((a, b) => a.rank - b.rank);
    return best?.path ?? refuseMissing(folder, prefix, role);
  };
  return {
    trainImages: find('trainImages'),
    trainLabels: find('trainLabels'),
    testImages: find('testImages'),
    testLabels: find('testLabels'),
  };
}

/** The prefix of the files in a folder: none, or the only one that there is. */
function choosePrefix(folder: string, prefixes: readonly string[]): string {
  const [first = ''] = prefixes;
  if (prefixes.length <= 1 || first === '') return first;
  throw new UserError(
    `"${folder}" holds several data sets (${prefixes.join(', ')}), expected one; name one by what its files begin with: "${join(folder, first)}"`,
  );
}

function listCandidates(folder: string): Candidate[] {
  return listNames(folder).flatMap((name) => {
    const own = join(folder, name);
    const candidate = toCandidate(name, own);
    if (candidate === undefined || !isFolder(own)) return candidate ?? [];
    return listNames(own).flatMap((inner) => toCandidate(inner, join(own, inner)) ?? []);
  });
}

function toCandidate(name: string, path: string): Candidate | undefined {
  const { split = '', kind = '', prefix = '', ending = '' } = NAME.exec(name)?.groups ?? {};
  if (kind === '') return undefined;
  const part = split.toLowerCase() === 'train' ? 'train' : 'test';
  const role: IdxRole = `${part}${kind.toLowerCase().startsWith('images') ? 'Images' : 'Labels'}`;
  const packing = ['', '.gz'].indexOf(ending.toLowerCase());
  return { prefix, role, path, rank: (packing < 0 ? 4 : 2 * packing) + (kind.includes('-') ? 0 : 1) };
}

function listNames(folder: string): string[] {
  return isFolder(folder) ? readdirSync(folder) : [];
}

function refuseMissing(folder: string, prefix: string, role: IdxRole): never {
  const name = `${prefix === '' ? '' : `${prefix}-`}${ROLES[role]}`;
  throw new UserError(
    `"${folder}" has no ${name}, expected it (or ${name.replace('-idx', '.idx')}), plain or with .gz`,
  );
}
