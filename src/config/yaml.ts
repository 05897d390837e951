/** @file YAML text to a tree of settings with places; refuses what no settings file needs. */
import {
  Composer,
  type CST,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  Parser,
} from 'yaml';
import { UserError } from '../errors.ts';
import { type Entry, makeMap, type Scalar, type Tree } from './tree.ts';

/** Settings nest five deep; the bounds keep damaged text (nested brackets, aliases of aliases) from taking all memory. */
const DEEPEST = 40;
const MOST_NODES = 20_000;

/** The words for a place in the text; line and column count from 1. */
export type PlaceWords = (line: number, column: number) => string;

/**
 * Reads one YAML 1.2 document.
 *
 * @returns its tree; an empty document is an empty scalar
 * @throws UserError with the place if the text is not valid YAML, repeats a key in a map, has a key that is not plain
 * text, an unknown tag, more than one document, or is too deep or too large
 */
export function parseYaml(text: string, words: PlaceWords): Tree {
  const lines = new LineCounter();
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return words(Math.max(line, 1), Math.max(col, 1));
  };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  refuseDeepTokens(tokens, placeAt);
  const [document, second] = new Composer({ uniqueKeys: false }).compose(tokens, true, text.length);
  if (document === undefined) throw new Error('the YAML composer gave no document');
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    throw new UserError(`${placeAt(problem.pos[0])}: not valid YAML: ${wordProblem(problem.message)}`);
  }
  if (second !== undefined) {
    throw new UserError(`${placeAt(second.range[0])}: a second document starts here, expected one`);
  }
  return new Converter(placeAt).convert(document.contents, 0);
}

/**
 * Composing values recurses, and V8 ends the whole process when a regular expression is compiled near the end of the
 * stack, so depth is measured before, on the flat walk over syntax that the parser offers.
 */
function refuseDeepTokens(tokens: readonly CST.Token[], placeAt: (offset: number) => string): void {
  const open = tokens.map((token): [CST.Token, number] => [token, 0]);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [token, depth] = next;
    if (depth > DEEPEST) {
      throw new UserError(`${placeAt(token.offset)}: nested too deeply, expected at most ${DEEPEST} levels`);
    }
    for (const child of childTokens(token)) open.push([child, depth + 1]);
  }
}

function childTokens(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value]).filter((child) => child != null);
}

function wordProblem(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/** Turns composed nodes into a tree, in the order of the text, since an alias means the anchor before it. */
class Converter {
  private readonly placeAt: (offset: number) => string;
  private readonly anchors = new Map<string, { readonly tree: Tree; readonly nodes: number }>();
  private nodes = 0;

  constructor(placeAt: (offset: number) => string) {
    this.placeAt = placeAt;
  }

  /** @param offset where the value would stand, for a value that was left out */
  convert(node: unknown, offset: number): Tree {
    const place = this.placeAt((node as Node | null)?.range?.[0] ?? offset);
    if (isAlias(node)) return this.follow(node.source, place);
    const before = this.nodes;
    this.count(1, place);
    const tree = this.convertContent(node, offset, place);
    if (isNode(node) && node.anchor !== undefined) {
      this.anchors.set(node.anchor, { tree, nodes: this.nodes - before });
    }
    return tree;
  }

  private convertContent(node: unknown, offset: number, place: string): Tree {
    if (isSeq(node))
      return { kind: 'list', place, items: node.items.map((item) => this.convert(item, offset)) };
    if (isMap(node)) return makeMap(place, this.convertPairs(node.items, offset));
    if (!isScalar(node)) return { kind: 'scalar', place, value: null, isEmpty: true };
    const isEmpty = node.source === '' && node.value === null;
    return { kind: 'scalar', place, value: node.value as Scalar, isEmpty };
  }

  /** An anchor counts from where its value ends, so that nothing can hold itself. */
  private follow(name: string, place: string): Tree {
    const anchor = this.anchors.get(name);
    if (anchor === undefined) {
      throw new UserError(`${place}: unknown alias "*${name}", expected an anchor "&${name}" before`);
    }
    this.count(anchor.nodes, place);
    return anchor.tree;
  }

  private count(nodes: number, place: string): void {
    this.nodes += nodes;
    if (this.nodes > MOST_NODES) {
      throw new UserError(`${place}: too many values, expected at most ${MOST_NODES}`);
    }
  }

  private convertPairs(pairs: readonly Pair[], offset: number): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const { key, value } of pairs) {
      const keyOffset = (key as Node | null)?.range?.[0] ?? offset;
      const place = this.placeAt(keyOffset);
      if (!isScalar(key)) throw new UserError(`${place}: a key is not plain text, expected a name`);
      const name = key.source ?? String(key.value);
      const earlier = entries.get(name);
      if (earlier !== undefined) {
        throw new UserError(`${place}: key "${name}" stands twice in this map, first at ${earlier.place}`);
      }
      entries.set(name, { place, value: this.convert(value, keyOffset) });
    }
    return entries;
  }
}
