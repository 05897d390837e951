/** @file Reads experiment files and follows their `extends`. */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { nearestOf, suggest, UserError } from '../errors.ts';
import { parseYaml } from '../yaml/parse.ts';
import { type Entry, filterKeys, type MapTree } from '../yaml/tree.ts';
import { resolveDataPaths } from './data-paths.ts';
import { merge } from './merge.ts';
import { listShipped } from './shipped.ts';

const MOST_BYTES = 2 ** 20;
/** Outermost keys that begin so are no settings: they hold values with anchors, to which the rest of the file refers. */
const ASIDE = 'x-';
/** Files in a chain of `extends`. */
const LONGEST_CHAIN = 20;

/** What to do with relative paths of data: they are relative to the file that says them, or left as they are written. */
export type DataPaths = 'relative to the file' | 'as written';

/**
 * Reads an experiment file, laid over the files that it extends. The name of an extended experiment is not inherited:
 * two experiments of one name would share a results folder. Outermost keys that begin with `x-` are left out.
 *
 * @throws UserError if a file is missing, unreadable, too large or no YAML map, or if `extends` leads back to a file
 */
export function readExperimentFile(path: string, dataPaths: DataPaths): MapTree {
  return readChain(path, dataPaths, []);
}

function readChain(path: string, dataPaths: DataPaths, followed: readonly string[], from?: Entry): MapTree {
  const written = readMap(path, from);
  const tree = dataPaths === 'as written' ? written : resolveDataPaths(written, dirname(path));
  const file = realpathSync(path);
  if (followed.includes(file)) {
    throw new UserError(`${from?.value.place}: extends leads back to ${path}, expected a chain that ends`);
  }
  if (followed.length === LONGEST_CHAIN) {
    throw new UserError(
      `${from?.value.place}: more than ${LONGEST_CHAIN} files extend one another, expected fewer`,
    );
  }
  const link = tree.entries.get('extends');
  if (link === undefined) return tree;
  const base = readChain(resolveLink(path, link), dataPaths, [...followed, file], link);
  return merge(withoutKey(base, 'name'), withoutKey(tree, 'extends'));
}

function withoutKey(tree: MapTree, unwanted: string): MapTree {
  return filterKeys(tree, (key) => key !== unwanted);
}

function resolveLink(path: string, { value }: Entry): string {
  if (value.kind !== 'scalar' || typeof value.value !== 'string' || value.value === '') {
    throw new UserError(`${value.place}: extends is no path, expected the path of another experiment file`);
  }
  return isAbsolute(value.value) ? value.value : join(dirname(path), value.value);
}

function readMap(path: string, from?: Entry): MapTree {
  const text = readText(path, from === undefined ? '' : `${from.value.place}: `);
  const tree = parseYaml(text, (line, column) => `${path}:${line}:${column}`);
  if (tree.kind === 'map') return filterKeys(tree, (key) => !key.startsWith(ASIDE));
  const found = tree.kind === 'scalar' && tree.isEmpty ? 'is empty' : 'holds no keys';
  throw new UserError(`${tree.place}: the file ${found}, expected settings such as "model: { name: mlp }"`);
}

function readText(path: string, prefix: string): string {
  const refuse = (text: string) => new UserError(`${prefix}${text}`);
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw refuse(`${path} is not a file, expected an experiment file`);
    if (stats.size > MOST_BYTES) {
      throw refuse(
        `${path} has ${stats.size} bytes, expected an experiment file of at most ${MOST_BYTES} bytes`,
      );
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw refuse(describeFileError(path, error));
  }
}

function describeFileError(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return `${path} is not text in UTF-8`;
  if (code !== 'ENOENT') return `${path} cannot be read (${code || String(error)})`;
  const folder = dirname(path);
  const names = listYamlFiles(folder);
  if (names === undefined)
    return `${path} does not exist, nor does the folder ${folder}${describeShipped(path)}`;
  const others = suggest(basename(path), names) || `, nor is there a YAML file in ${folder}`;
  const isNear = nearestOf(basename(path), names) !== undefined;
  return `${path} does not exist${others}${describeShipped(path, isNear)}`;
}

/**
 * Where an experiment of that name comes with td: how to have it.
 *
 * @param exactly whether a name that is only near does not count
 */
function describeShipped(path: string, exactly = false): string {
  const wanted = bareName(path);
  const names = listShipped().map(({ name }) => name);
  const exact = names.find((name) => name === wanted || bareName(name) === wanted);
  if (exact !== undefined) return `; "td init ${exact}" copies the one that comes with td`;
  const nearest = exactly ? undefined : nearestOf(wanted, names.map(bareName));
  const near = names.find((name) => bareName(name) === nearest);
  return near === undefined ? '' : `; did you mean the one that "td init ${near}" copies?`;
}

/** Without its folders, and the extension of YAML. */
function bareName(path: string): string {
  const [name = ''] = /[^\\/]+$/.exec(path.replace(/\.ya?ml$/i, '')) ?? [];
  return name;
}

function listYamlFiles(folder: string): string[] | undefined {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/i.test(name))
      .sort();
  } catch {
    return undefined;
  }
}
