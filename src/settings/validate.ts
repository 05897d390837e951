/** @file Checks a tree against a schema and says its first problem in one sentence, with the place of the culprit. */
import type { z } from 'zod';
import { MissingPluginError, nearestOf, shorten, suggest, UserError } from '../errors.ts';
import { type MapTree, nodeAt, type Tree, toPlain } from '../yaml/tree.ts';
import {
  describeExpectation,
  type JsonSchema,
  listChoices,
  listKeys,
  schemaAt,
  toJsonSchema,
} from './expectations.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * Resolves a tree to the schema's output, defaults filled in.
 *
 * @param owner what the settings belong to, for the sentence: `variant "l1"`
 * @throws UserError with place, expectation and nearest valid name
 * @throws MissingPluginError if they are for a plugin that is not loaded, or with the content that it had before
 */
export function validate<T extends z.ZodType>(schema: T, tree: MapTree, owner?: string): z.output<T> {
  const result = schema.safeParse(toPlain(tree));
  if (result.success) return result.data;
  throw describeIssues(schema, tree, result.error.issues, owner);
}

/**
 * Checks a tree that others will be laid over: keys may be missing, those that are there must be right.
 *
 * @throws UserError as `validate` does
 */
export function validatePartial(schema: z.ZodType, tree: MapTree): void {
  const issues = schema.safeParse(toPlain(tree)).error?.issues ?? [];
  const present = issues.filter((issue) => !isMissing(tree, issue.path));
  if (present.length > 0) throw describeIssues(schema, tree, present, undefined);
}

function describeIssues(
  schema: z.ZodType,
  tree: MapTree,
  issues: readonly Issue[],
  owner?: string,
): UserError {
  // A mistyped key causes two issues: an unknown key, which the user can find in the file, and a missing one.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) throw new Error('a failed check without an issue');
  const { place, text } = describeIssue(schema, tree, issue);
  const sentence = `${place}: ${text}${owner === undefined ? '' : `, in ${owner}`}`;
  const other = describeOtherPlugin(schema, tree, issue.path);
  if (other !== undefined) return new MissingPluginError(`${sentence}; ${other}`);
  return isOfPlugin(tree, issue.path) ? new MissingPluginError(sentence) : new UserError(sentence);
}

interface Problem {
  readonly place: string;
  readonly text: string;
}

function describeIssue(schema: z.ZodType, tree: MapTree, issue: Issue): Problem {
  if (issue.code === 'unrecognized_keys')
    return describeUnknownKey(schema, tree, issue.path, issue.keys[0] ?? '');
  if (issue.code === 'invalid_key') return describeBadKey(schema, tree, issue);
  if (isMissing(tree, issue.path)) return describeMissing(schema, tree, issue.path);
  const node = nodeAt(tree, issue.path) ?? tree;
  const subject = `${formatPath(issue.path)} is ${describeValue(node)}`;
  // Checks that the schema has written by hand have messages of their own.
  if (issue.code === 'custom') return { place: node.place, text: `${subject}: ${issue.message}` };
  return { place: node.place, text: `${subject}${describeExpected(schema, tree, issue.path, node)}` };
}

function describeUnknownKey(schema: z.ZodType, tree: MapTree, path: Path, key: string): Problem {
  const node = nodeAt(tree, path);
  const valid = node === undefined ? [] : listKeys(partAt(schema, tree, path), toPlain(node));
  return {
    place: placeOfKey(tree, path, key),
    text: `unknown key "${cut(key)}"${describeSection(tree, path)}${suggest(key, valid)}`,
  };
}

function describeBadKey(
  schema: z.ZodType,
  tree: MapTree,
  { path, issues }: z.core.$ZodIssueInvalidKey,
): Problem {
  const [key, section] = [String(path.at(-1)), path.slice(0, -1)];
  const { propertyNames } = partAt(schema, tree, section);
  const [first] = issues;
  const words = typeof propertyNames === 'object' ? `expected ${describeExpectation(propertyNames)}` : '';
  const expected = `, ${first?.code === 'custom' ? first.message : words}`;
  return {
    place: placeOfKey(tree, section, key),
    text: `"${cut(key)}" cannot be a name in ${formatPath(section)}${expected}`,
  };
}

function describeMissing(schema: z.ZodType, tree: MapTree, path: Path): Problem {
  const [key, section] = [String(path.at(-1)), path.slice(0, -1)];
  return {
    place: (nodeAt(tree, section) ?? tree).place,
    text: `key "${key}" is missing${describeSection(tree, section)}, expected ${describeExpectation(partAt(schema, tree, path))}`,
  };
}

function describeExpected(schema: z.ZodType, tree: MapTree, path: Path, node: Tree): string {
  const expected = partAt(schema, tree, path);
  const choices = listChoices(expected);
  if (isOfPlugin(tree, path))
    return ', which a plugin defines that is not loaded; name its file with --plugin';
  const isWord = node.kind === 'scalar' && typeof node.value === 'string';
  if (!isWord || choices.length < 2) return `, expected ${describeExpectation(expected)}`;
  const word = String(node.value);
  const isFar = mayBeOfPlugin(path) && nearestOf(word, choices) === undefined;
  return `${suggest(word, choices)}${isFar ? ', or the name of one in a plugin, whose file --plugin names' : ''}`;
}

/** Whether a path is that of the name of a method, a model or a data set. */
function mayBeOfPlugin(path: Path): boolean {
  return path.at(-1) === 'name' && ['regularizer', 'model', 'dataset'].includes(String(path.at(-2)));
}

/** Whether an unknown name is that of a plugin: settings of its parts name the plugin's content beside it. */
function isOfPlugin(tree: MapTree, path: Path): boolean {
  return path.at(-1) === 'name' && nodeAt(tree, [...path.slice(0, -1), 'plugin']) !== undefined;
}

/** By which settings know a plugin. */
const CONTENT = /^[0-9a-f]{64}$/;

/** What to do where the settings around a path are for a plugin that has other content by now; nothing elsewhere. */
function describeOtherPlugin(schema: z.ZodType, tree: MapTree, path: Path): string | undefined {
  const sections = path.map((_, index) => [...path.slice(0, index + 1), 'plugin']);
  for (const key of sections) {
    const node = nodeAt(tree, key);
    const loaded = node && partAt(schema, tree, key).default;
    const named = node?.kind === 'scalar' ? String(node.value) : '';
    if (typeof loaded !== 'string' || !CONTENT.test(named) || named === loaded) continue;
    const [then, now] = [named.slice(0, 8), loaded.slice(0, 8)];
    return `these settings are for its plugin as it was then (content ${then}, now ${now}); name that with --plugin`;
  }
  return undefined;
}

/** The part of the schema at a path that an issue names, which therefore exists. */
function partAt(schema: z.ZodType, tree: MapTree, path: Path): JsonSchema {
  return schemaAt(toJsonSchema(schema), toPlain(tree), path) ?? {};
}

function placeOfKey(tree: MapTree, path: Path, key: string): string {
  const map = nodeAt(tree, path);
  return (map?.kind === 'map' ? map.entries.get(key)?.place : undefined) ?? tree.place;
}

function isMissing(tree: MapTree, path: Path): boolean {
  return path.length > 0 && nodeAt(tree, path) === undefined;
}

/** ` in schedule`, ` for optimizer "adam"`, or nothing for the outermost map. */
function describeSection(tree: MapTree, path: Path): string {
  if (path.length === 0) return '';
  const name = nodeAt(tree, [...path, 'name']);
  const isNamed = name?.kind === 'scalar' && typeof name.value === 'string';
  return isNamed ? ` for ${formatPath(path)} "${cut(String(name.value))}"` : ` in ${formatPath(path)}`;
}

function formatPath(path: Path): string {
  const words = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return words.join('').replace(/^\./, '');
}

function describeValue(node: Tree): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return `a list of ${node.items.length}`;
  if (node.isEmpty) return 'empty';
  return typeof node.value === 'string' ? `"${cut(node.value)}"` : String(node.value);
}

/** Shortens a value: enough of it stays for the user to find it in the file. */
function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return shorten(line, 40);
}
