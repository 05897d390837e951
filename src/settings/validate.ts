/** @file Checks a tree against a schema and says its first problem in one sentence, with the place of the culprit. */
import type { z } from 'zod';
import { suggest, UserError } from '../errors.ts';
import { type MapTree, nodeAt, type Tree, toPlain } from '../yaml/tree.ts';
import {
  describeSchema,
  type JsonSchema,
  listChoices,
  listKeys,
  schemaAt,
  wordExpectation,
} from './schema-words.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * Resolves a tree to the schema's output, defaults filled in.
 *
 * @param owner what the settings belong to, for the sentence: `variant "l1"`
 * @throws UserError with place, expectation and nearest valid name
 */
export function validate<T extends z.ZodType>(schema: T, tree: MapTree, owner?: string): z.output<T> {
  const result = schema.safeParse(toPlain(tree));
  if (result.success) return result.data;
  throw wordIssues(schema, tree, result.error.issues, owner);
}

/**
 * Checks a tree that others will be laid over: keys may be missing, those that are there must be right.
 *
 * @throws UserError as `validate` does
 */
export function validatePartial(schema: z.ZodType, tree: MapTree): void {
  const issues = schema.safeParse(toPlain(tree)).error?.issues ?? [];
  const present = issues.filter((issue) => !isMissing(tree, issue.path));
  if (present.length > 0) throw wordIssues(schema, tree, present, undefined);
}

function wordIssues(schema: z.ZodType, tree: MapTree, issues: readonly Issue[], owner?: string): UserError {
  // A mistyped key also shows as a missing one; the mistyped one is what the user can see.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) throw new Error('a failed check without an issue');
  const { place, text } = wordIssue(schema, tree, issue);
  return new UserError(`${place}: ${text}${owner === undefined ? '' : `, in ${owner}`}`);
}

interface Problem {
  readonly place: string;
  readonly text: string;
}

function wordIssue(schema: z.ZodType, tree: MapTree, issue: Issue): Problem {
  if (issue.code === 'unrecognized_keys')
    return wordUnknownKey(schema, tree, issue.path, issue.keys[0] ?? '');
  if (issue.code === 'invalid_key') return wordBadKey(schema, tree, issue);
  if (isMissing(tree, issue.path)) return describeMissing(schema, tree, issue.path);
  const node = nodeAt(tree, issue.path) ?? tree;
  const subject = `${wordPath(issue.path)} is ${wordValue(node)}`;
  // Checks written by hand in the schema bring their own words.
  if (issue.code === 'custom') return { place: node.place, text: `${subject}: ${issue.message}` };
  return { place: node.place, text: `${subject}${wordExpected(schema, tree, issue.path, node)}` };
}

function wordUnknownKey(schema: z.ZodType, tree: MapTree, path: Path, key: string): Problem {
  const node = nodeAt(tree, path);
  const valid = node === undefined ? [] : listKeys(partAt(schema, tree, path), toPlain(node));
  return {
    place: placeOfKey(tree, path, key),
    text: `unknown key "${cut(key)}"${wordSection(tree, path)}${suggest(key, valid)}`,
  };
}

function wordBadKey(schema: z.ZodType, tree: MapTree, { path, issues }: z.core.$ZodIssueInvalidKey): Problem {
  const [key, section] = [String(path.at(-1)), path.slice(0, -1)];
  const { propertyNames } = partAt(schema, tree, section);
  const [first] = issues;
  const words = typeof propertyNames === 'object' ? `expected ${wordExpectation(propertyNames)}` : '';
  const expected = `, ${first?.code === 'custom' ? first.message : words}`;
  return {
    place: placeOfKey(tree, section, key),
    text: `"${cut(key)}" cannot be a name in ${wordPath(section)}${expected}`,
  };
}

function describeMissing(schema: z.ZodType, tree: MapTree, path: Path): Problem {
  const [key, section] = [String(path.at(-1)), path.slice(0, -1)];
  return {
    place: (nodeAt(tree, section) ?? tree).place,
    text: `key "${key}" is missing${wordSection(tree, section)}, expected ${wordExpectation(partAt(schema, tree, path))}`,
  };
}

function wordExpected(schema: z.ZodType, tree: MapTree, path: Path, node: Tree): string {
  const expected = partAt(schema, tree, path);
  const choices = listChoices(expected);
  const isWord = node.kind === 'scalar' && typeof node.value === 'string';
  return isWord && choices.length > 1
    ? suggest(String(node.value), choices)
    : `, expected ${wordExpectation(expected)}`;
}

/** The part of the schema at a path that an issue names, which therefore exists. */
function partAt(schema: z.ZodType, tree: MapTree, path: Path): JsonSchema {
  return schemaAt(describeSchema(schema), toPlain(tree), path) ?? {};
}

function placeOfKey(tree: MapTree, path: Path, key: string): string {
  const map = nodeAt(tree, path);
  return (map?.kind === 'map' ? map.entries.get(key)?.place : undefined) ?? tree.place;
}

function isMissing(tree: MapTree, path: Path): boolean {
  return path.length > 0 && nodeAt(tree, path) === undefined;
}

/** ` in schedule`, ` for optimizer "adam"`, or nothing for the outermost map. */
function wordSection(tree: MapTree, path: Path): string {
  if (path.length === 0) return '';
  const name = nodeAt(tree, [...path, 'name']);
  const isNamed = name?.kind === 'scalar' && typeof name.value === 'string';
  return isNamed ? ` for ${wordPath(path)} "${cut(String(name.value))}"` : ` in ${wordPath(path)}`;
}

function wordPath(path: Path): string {
  const words = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return words.join('').replace(/^\./, '');
}

function wordValue(node: Tree): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return `a list of ${node.items.length}`;
  if (node.isEmpty) return 'empty';
  return typeof node.value === 'string' ? `"${cut(node.value)}"` : String(node.value);
}

/** A value is shown so that it can be found again, not to be read in full. */
function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
