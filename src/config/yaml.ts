/** @file YAML text to a tree of settings with places; refuses what no settings file needs. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml';
import { UserError } from '../errors.ts';
import { type Entry, makeMap, type Scalar, type Tree } from './tree.ts';

/** Settings nest five deep; the bounds keep hostile text (nested brackets, aliases of aliases) from taking all memory. */
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
  refuseDeepBrackets(text, words(1, 1));
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    throw new UserError(`${placeAt(problem.pos[0])}: not valid YAML: ${wordProblem(problem)}`);
  }
  return new Converter(document, placeAt).convert(document.contents, 0, 0);
}

/** The parser's memory grows without bound on brackets nested a hundred thousand deep, so they are counted before. */
function refuseDeepBrackets(text: string, place: string): void {
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > DEEPEST) throw tooDeep(place);
  }
}

function wordProblem(problem: { code: string; message: string }): string {
  if (problem.code === 'MULTIPLE_DOCS') return 'a second document starts here, expected one';
  if (problem.message.startsWith('Maximum call stack')) return wordTooDeep();
  return problem.message.charAt(0).toLowerCase() + problem.message.slice(1);
}

class Converter {
  private readonly document: Document;
  private readonly placeAt: (offset: number) => string;
  private nodes = 0;

  constructor(document: Document, placeAt: (offset: number) => string) {
    this.document = document;
    this.placeAt = placeAt;
  }

  /** @param offset where the value would stand, for a value that was left out */
  convert(node: unknown, offset: number, depth: number): Tree {
    const place = this.placeAt((node as Node | null)?.range?.[0] ?? offset);
    if (depth > DEEPEST) throw tooDeep(place);
    if (++this.nodes > MOST_NODES) {
      throw new UserError(`${place}: too many values, expected at most ${MOST_NODES}`);
    }
    if (isAlias(node)) {
      const target = node.resolve(this.document);
      if (target === undefined) {
        throw new UserError(
          `${place}: unknown alias "*${node.source}", expected an anchor "&${node.source}" before`,
        );
      }
      return this.convert(target, offset, depth + 1);
    }
    if (isSeq(node)) {
      return { kind: 'list', place, items: node.items.map((item) => this.convert(item, offset, depth + 1)) };
    }
    if (isMap(node)) return makeMap(place, this.convertPairs(node.items, offset, depth));
    if (isScalar(node)) {
      return {
        kind: 'scalar',
        place,
        value: node.value as Scalar,
        isEmpty: node.source === '' && node.value === null,
      };
    }
    return { kind: 'scalar', place, value: null, isEmpty: true };
  }

  private convertPairs(pairs: readonly Pair[], offset: number, depth: number): Map<string, Entry> {
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
      entries.set(name, { place, value: this.convert(value, keyOffset, depth + 1) });
    }
    return entries;
  }
}

function wordTooDeep(): string {
  return `nested too deeply, expected at most ${DEEPEST} levels`;
}

function tooDeep(place: string): UserError {
  return new UserError(`${place}: ${wordTooDeep()}`);
}
