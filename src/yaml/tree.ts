/** @file Settings as a tree in which every key and value knows where it was written. */

export type Scalar = string | number | boolean | null;

/** A key with its value. */
export interface Entry {
  /** Where the key stands: `configs/mnist-mlp.yaml:3:5`, or `--set schedule.epochs`. */
  readonly place: string;
  readonly value: Tree;
}

export interface MapTree {
  readonly kind: 'map';
  readonly place: string;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface ListTree {
  readonly kind: 'list';
  readonly place: string;
  readonly items: readonly Tree[];
}

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly place: string;
  readonly value: Scalar;
  /** Nothing was written after the key; distinct from a written `null`. */
  readonly isEmpty: boolean;
}

export type Tree = MapTree | ListTree | ScalarTree;

export function makeMap(place: string, entries: Iterable<readonly [string, Entry]> = []): MapTree {
  return { kind: 'map', place, entries: new Map(entries) };
}

/** Plain data as a tree whose values all have one place. Keys whose value is undefined are left out. */
export function toTree(data: unknown, place: string): Tree {
  if (Array.isArray(data)) return { kind: 'list', place, items: data.map((item) => toTree(item, place)) };
  if (typeof data !== 'object' || data === null) {
    return { kind: 'scalar', place, value: data as Scalar, isEmpty: false };
  }
  const present = Object.entries(data).filter(([, value]) => value !== undefined);
  return makeMap(
    place,
    present.map(([key, value]) => [key, { place, value: toTree(value, place) }]),
  );
}

/** The tree as plain data. A key such as `__proto__` becomes an ordinary property. */
export function toPlain(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toPlain);
  return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, toPlain(entry.value)]));
}

/** The part of a map whose keys pass. */
export function filterKeys(map: MapTree, passes: (key: string) => boolean): MapTree {
  return makeMap(
    map.place,
    [...map.entries].filter(([key]) => passes(key)),
  );
}

/** The node at a path of keys and indices, or undefined if the tree does not reach there. */
export function nodeAt(tree: Tree, path: readonly PropertyKey[]): Tree | undefined {
  let node: Tree | undefined = tree;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.value;
    else if (node?.kind === 'list') node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}
