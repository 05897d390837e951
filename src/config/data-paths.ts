/** @file Where `dataset.path` leads: as with `extends`, a relative path is relative to the file that says it. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { type Entry, type MapTree, makeMap, type Tree } from '../yaml/tree.ts';

/**
 * Makes the paths of data in a tree absolute, those of its variants too. `~` is the user's own folder.
 *
 * @param folder to which relative paths are relative
 * @throws UserError naming the place if a path begins with another user's folder
 */
export function resolveDataPaths(tree: MapTree, folder: string): MapTree {
  const resolvePath = (path: Tree) => resolveScalar(path, folder);
  const resolveDataset = (dataset: Tree) => changeEntry(dataset, 'path', resolvePath);
  const ofRun = (settings: Tree) => changeEntry(settings, 'dataset', resolveDataset);
  return changeEntry(ofRun(tree), 'variants', (variants) => changeAll(variants, ofRun)) as MapTree;
}

/** A map with one of its values changed, if it has it; anything else as it is. */
function changeEntry(tree: Tree, key: string, change: (value: Tree) => Tree): Tree {
  if (tree.kind !== 'map' || !tree.entries.has(key)) return tree;
  return changeAll(tree, (value, own) => (own === key ? change(value) : value));
}

function changeAll(tree: Tree, change: (value: Tree, key: string) => Tree): Tree {
  if (tree.kind !== 'map') return tree;
  const entries = [...tree.entries].map(([key, { place, value }]): [string, Entry] => {
    return [key, { place, value: change(value, key) }];
  });
  return makeMap(tree.place, entries);
}

function resolveScalar(tree: Tree, folder: string): Tree {
  // What is no path is refused by the schema.
  if (tree.kind !== 'scalar' || typeof tree.value !== 'string' || tree.value === '') return tree;
  return { ...tree, value: resolve(folder, expandHome(tree.value, tree.place)) };
}

function expandHome(path: string, place: string): string {
  const [, user = '', rest] = /^~([^/\\]*)(.*)$/s.exec(path) ?? [];
  if (rest === undefined) return path;
  if (user === '') return join(homedir(), rest);
  throw new UserError(
    `${place}: dataset.path is "${path}", which begins with the folder of another user; expected "~/…" for your own, a full path, or "./${path}"`,
  );
}
