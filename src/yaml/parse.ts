/** @file YAML text to a tree of settings with places; refuses what no settings file needs. */
import {
  Composer,
  type CST,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
} from 'yaml';
import { UserError } from '../errors.ts';
import { type Entry, type MapTree, makeMap, type Scalar, type Tree } from './tree.ts';

/** Settings nest five deep; the bounds keep damaged text (nested brackets, aliases of aliases) from taking all memory. */
const DEEPEST = 40;
const MOST_NODES = 20_000;
/** Words and signs of the text, spaces and line ends included. The parser takes up to 10 µs for each. */
const MOST_LEXEMES = 150_000;

/** Tags of the values that settings are made of. */
const TAGS = ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`);

/** The words for a place in the text; line and column count from 1. */
export type PlaceWords = (line: number, column: number) => string;

/**
 * Reads one YAML 1.2 document, with the merge keys (`<<: *base`) that version 1.1 had.
 *
 * @returns its tree; an empty document is an empty scalar
 * @throws UserError with the place if the text is not valid YAML, repeats a key in a map, has a key that is not plain
 * text, an unknown tag, more than one document, is of another version of YAML, or is too deep or too large
 */
export function parseYaml(text: string, words: PlaceWords): Tree {
  const lines = new LineCounter();
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return words(Math.max(line, 1), Math.max(col, 1));
  };
  const tokens = readTokens(text, lines, placeAt);
  const [document, second] = new Composer({ uniqueKeys: false }).compose(tokens, true, text.length);
  if (document === undefined) throw new Error('the YAML composer gave no document');
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    throw new UserError(`${placeAt(problem.pos[0])}: not valid YAML: ${wordProblem(problem.message)}`);
  }
  // Version 1.1 reads other values from the same text: dates, "yes", 010.
  if (document.directives?.yaml.version !== '1.2') {
    throw new UserError(`${placeAt(0)}: %YAML is ${document.directives?.yaml.version}, expected 1.2`);
  }
  if (second !== undefined) {
    throw new UserError(`${placeAt(second.range[0])}: a second document starts here, expected one`);
  }
  return new Converter(placeAt).convert(document.contents, 0);
}

/**
 * The text as a tree of syntax, bounded while it grows: pathological text of a megabyte takes half a minute, and what is
 * nested deeply would end the stack of the composer, which recurses.
 */
function readTokens(text: string, lines: LineCounter, placeAt: (offset: number) => string): CST.Token[] {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let count = 0;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    count++;
    if (count > MOST_LEXEMES) {
      throw new UserError(
        `${placeAt(parser.offset)}: too long, expected at most ${MOST_LEXEMES} words and signs`,
      );
    }
    if (parser.stack.length > DEEPEST) {
      throw new UserError(`${placeAt(parser.offset)}: nested too deeply, expected at most ${DEEPEST} levels`);
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
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
    if (isNode(node) && node.tag !== undefined && !TAGS.includes(node.tag)) {
      throw new UserError(`${place}: not valid YAML: unknown tag ${node.tag}`);
    }
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
    let merged: readonly MapTree[] = [];
    let mergePlace: string | undefined;
    for (const { key, value } of pairs) {
      const keyOffset = (key as Node | null)?.range?.[0] ?? offset;
      const place = this.placeAt(keyOffset);
      if (!isScalar(key)) throw new UserError(`${place}: a key is not plain text, expected a name`);
      const name = key.source ?? String(key.value);
      const isMerge = name === '<<' && key.type === 'PLAIN';
      const earlier = isMerge ? mergePlace : entries.get(name)?.place;
      if (earlier !== undefined) {
        const hint = isMerge ? '; one key merges several maps: <<: [*a, *b]' : '';
        throw new UserError(`${place}: key "${name}" stands twice in this map, first at ${earlier}${hint}`);
      }
      const tree = this.convert(value, keyOffset);
      if (isMerge) [merged, mergePlace] = [listMerged(tree), place];
      else entries.set(name, { place, value: tree });
    }
    return merged.length === 0 ? entries : layUnder(entries, merged);
  }
}

/** The maps that a merge key names, the one that goes before the others first. */
function listMerged(value: Tree): readonly MapTree[] {
  const maps = value.kind === 'list' ? value.items : [value];
  return maps.map((map) => {
    if (map.kind === 'map') return map;
    throw new UserError(`${map.place}: "<<" merges no map, expected an alias of one, such as <<: *base`);
  });
}

/** A map's own keys go before those that are merged into it, wherever the merge key stands. */
function layUnder(own: ReadonlyMap<string, Entry>, merged: readonly MapTree[]): Map<string, Entry> {
  return new Map([...merged.toReversed().flatMap(({ entries }) => [...entries]), ...own]);
}
