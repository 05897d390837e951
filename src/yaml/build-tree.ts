/**
 * @file Turns the nodes of the YAML library into a tree. The library resolves aliases and merge keys while it makes plain
 * data, which has no places; here each value keeps the place where it was written, which error messages name.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar as ScalarNode } from 'yaml';
import { UserError } from '../errors.ts';
import { type Entry, type MapTree, makeMap, type Scalar, type Tree } from './tree.ts';

/** Values of the tree, aliases counted with all that they stand for: aliases of aliases would fill the memory. */
const MOST_VALUES = 20_000;

interface Anchored {
  readonly tree: Tree;
  /** Values in the tree, itself included. */
  readonly values: number;
}

/** Goes through the nodes in the order of the text, since an alias means the last anchor of its name before it. */
export class TreeBuilder {
  private readonly anchors = new Map<string, Anchored>();
  private values = 0;

  /** @param placeAt the place of an offset in the text, as error messages name it */
  constructor(private readonly placeAt: (offset: number) => string) {}

  /**
   * @param offset where the value would stand, for a value that was left out
   * @throws UserError with the place if a key stands twice in a map, an alias has no anchor, a merge key names no map, or
   * the values are too many
   */
  build(node: unknown, offset: number): Tree {
    const { range, anchor } = (node ?? {}) as Partial<Node> & { readonly anchor?: string };
    const place = this.placeAt(range?.[0] ?? offset);
    if (isAlias(node)) return this.resolve(node.source, place);
    const before = this.values;
    this.count(1, place);
    const tree = this.buildContent(node, offset, place);
    // An anchor holds from the end of its value on, so that no value can contain itself.
    if (anchor !== undefined) this.anchors.set(anchor, { tree, values: this.values - before });
    return tree;
  }

  private buildContent(node: unknown, offset: number, place: string): Tree {
    if (isSeq(node))
      return { kind: 'list', place, items: node.items.map((item) => this.build(item, offset)) };
    if (isMap(node)) return makeMap(place, this.buildEntries(node.items as Pair<ScalarNode<string>>[]));
    const { source, value } = isScalar(node) ? node : { source: '', value: null };
    return { kind: 'scalar', place, value: value as Scalar, isEmpty: source === '' && value === null };
  }

  private resolve(name: string, place: string): Tree {
    const anchored = this.anchors.get(name);
    if (anchored === undefined) {
      throw new UserError(`${place}: unknown alias "*${name}", expected an anchor "&${name}" before`);
    }
    this.count(anchored.values, place);
    return anchored.tree;
  }

  private count(values: number, place: string): void {
    this.values += values;
    if (this.values > MOST_VALUES) {
      throw new UserError(`${place}: too many values, expected at most ${MOST_VALUES}`);
    }
  }

  private buildEntries(pairs: readonly Pair<ScalarNode<string>>[]): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    let merge: Entry | undefined;
    for (const { key, value } of pairs) {
      const [name, offset] = [key.value, key.range?.[0] ?? 0];
      const place = this.placeAt(offset);
      const isMerge = name === '<<' && key.type === 'PLAIN';
      const earlier = isMerge ? merge : entries.get(name);
      if (earlier !== undefined) {
        const hint = isMerge ? '; one key merges several maps: <<: [*a, *b]' : '';
        throw new UserError(
          `${place}: key "${name}" stands twice in this map, first at ${earlier.place}${hint}`,
        );
      }
      const entry = { place, value: this.build(value, offset) };
      if (isMerge) merge = entry;
      else entries.set(name, entry);
    }
    return merge === undefined ? entries : layUnder(entries, listMerged(merge.value));
  }
}

/** The maps that a merge key names; of a key that several have, the first map's value holds. */
function listMerged(value: Tree): readonly MapTree[] {
  const maps = value.kind === 'list' ? value.items : [value];
  return maps.map((map) => {
    if (map.kind === 'map') return map;
    throw new UserError(`${map.place}: "<<" merges no map, expected an alias of one, such as <<: *base`);
  });
}

/** A map's own keys override those that are merged into it, wherever the merge key stands. */
function layUnder(own: ReadonlyMap<string, Entry>, merged: readonly MapTree[]): Map<string, Entry> {
  return new Map([...merged.toReversed().flatMap(({ entries }) => [...entries]), ...own]);
}
