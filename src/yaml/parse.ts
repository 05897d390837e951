/** @file YAML text to a tree of settings with places; refuses what no settings file needs. */
import { Composer, type CST, Lexer, LineCounter, type ParseOptions, Parser, type SchemaOptions } from 'yaml';
import { UserError } from '../errors.ts';
import { TreeBuilder } from './build-tree.ts';
import type { Tree } from './tree.ts';

/** Settings nest five deep; deeper text is damaged, and would end the stack of functions that recurse. */
const DEEPEST = 40;
/** Words and signs of the text, spaces and line ends included. The library takes up to 10 µs for each. */
const MOST_LEXEMES = 150_000;

/**
 * YAML 1.2 with text as keys and no tags beyond those of its core schema. Repeated keys are left to `TreeBuilder`: the
 * library compares each key with every other of its map, and does not say where the first one stands.
 */
const OPTIONS: ParseOptions & SchemaOptions & { version: '1.2' } = {
  version: '1.2',
  schema: 'core',
  resolveKnownTags: false,
  strict: true,
  stringKeys: true,
  uniqueKeys: false,
};

/** Formats a place in the text; line and column count from 1. */
export type FormatPlace = (line: number, column: number) => string;

/**
 * Reads one YAML 1.2 document, with the merge keys (`<<: *base`) that version 1.1 had.
 *
 * @returns its tree; an empty document is an empty scalar
 * @throws UserError with the place if the text is not valid YAML, repeats a key in a map, has a key that is not plain
 * text, an unknown tag, more than one document, is of another version of YAML, or is too deep or too large
 */
export function parseYaml(text: string, formatPlace: FormatPlace): Tree {
  const lines = new LineCounter();
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return formatPlace(Math.max(line, 1), Math.max(col, 1));
  };
  const tokens = readTokens(text, lines, placeAt);
  const [document, second] = new Composer(OPTIONS).compose(tokens, true, text.length);
  if (document === undefined) throw new Error('the YAML composer gave no document');
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    throw new UserError(`${placeAt(problem.pos[0])}: ${describeProblem(problem)}`);
  }
  // Version 1.1 reads other values from the same text: dates, "yes", 010.
  if (document.directives?.yaml.version !== '1.2') {
    throw new UserError(`${placeAt(0)}: %YAML is ${document.directives?.yaml.version}, expected 1.2`);
  }
  if (second !== undefined) {
    throw new UserError(`${placeAt(second.range[0])}: a second document starts here, expected one`);
  }
  return new TreeBuilder(placeAt).build(document.contents, 0);
}

/**
 * The text as a tree of syntax. `parseDocument` does these two steps, too, but knows no bound: a megabyte of commas takes
 * it half a minute. So the lexemes are handed to the parser one by one and counted.
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

/** What the library found, in words that continue a sentence. */
function describeProblem({ code, message }: { readonly code: string; readonly message: string }): string {
  if (code === 'NON_STRING_KEY') return 'a key is not plain text, expected a name';
  return `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}
