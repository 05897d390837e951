/** @file Records as JSON files: what earlier runs wrote is checked against a schema, and errors name the file. */
import { z } from 'zod';
import { shorten, UserError } from '../errors.ts';
import { writeFileAtomic } from './atomic.ts';
import { readBoundedFile } from './read.ts';

/** Most bytes of a file of settings or records: hundreds of times as many as td writes. */
export const LARGEST_RECORD = 2 ** 20;

/** Characters of a value that an error quotes. */
const MOST_SHOWN = 40;

/** Most levels of nesting. td writes four; values nested far deeper would overflow the stack of code that prints them. */
const DEEPEST = 40;

/**
 * Reads a JSON file of a known form.
 *
 * @param largest bytes that it may have
 * @returns nothing if there is no such file
 * @throws UserError if it is no file, too large, not JSON or not of that form
 */
export function readJson<T extends z.ZodType>(
  path: string,
  schema: T,
  largest = LARGEST_RECORD,
): z.output<T> | undefined {
  const text = readBoundedFile(path, largest)?.toString('utf8');
  return text === undefined ? undefined : parseJson(text, schema, path);
}

/**
 * Parses JSON of a known form.
 *
 * @param where the file's name, for errors
 * @throws UserError if it is not JSON or not of that form
 */
export function parseJson<T extends z.ZodType>(text: string, schema: T, where: string): z.output<T> {
  const value = parseText(text, where);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError(
    issue === undefined ? `${where} is of no known form` : describeIssue(issue, value, where),
  );
}

/** `checkpoint.json lacks "epoch", expected a number`; `checkpoint.json: "run.seed" is "x", expected a number` */
function describeIssue(issue: z.core.$ZodIssue, value: unknown, where: string): string {
  const key = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys')
    return `${where}${key && `: "${key}"`} has an unknown key "${shorten(issue.keys[0] ?? '', MOST_SHOWN)}"`;
  const found = issue.path.reduce(
    (part, step) => (typeof part === 'object' && part !== null ? Reflect.get(part, step) : undefined),
    value,
  );
  const expected = describeExpected(issue);
  if (found === undefined) return `${where} lacks "${key}", ${expected}`;
  return `${where}${key && `: "${key}"`} is ${describeValue(found)}, ${expected}`;
}

/** What zod calls the types of JSON, in words. */
const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
};

function describeExpected(issue: z.core.$ZodIssue): string {
  // Some parts of schemas say themselves what they expect.
  if (issue.message.startsWith('expected ')) return issue.message;
  return `expected ${listExpected(issue).join(' or ')}`;
}

function listExpected(issue: z.core.$ZodIssue): string[] {
  switch (issue.code) {
    case 'invalid_type':
      return [nameType(issue.expected)];
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value));
    case 'invalid_union':
      return [
        ...new Set(issue.errors.flatMap(([first]) => (first === undefined ? [] : listExpected(first)))),
      ];
    case 'too_small':
      return [`${nameType(issue.origin)} of at least ${issue.minimum}`];
    case 'too_big':
      return [`${nameType(issue.origin)} of at most ${issue.maximum}`];
    case 'invalid_format':
      return [
        issue.format === 'datetime' ? 'a time such as 2025-01-31T12:00:00.000Z' : 'text of another form',
      ];
    default:
      return ['another value'];
  }
}

function nameType(type: string): string {
  return TYPES[type] ?? type;
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a map';
  return typeof value === 'string' ? `"${shorten(value, MOST_SHOWN)}"` : String(value);
}

function parseText(text: string, where: string): unknown {
  const value = parseValue(text, where);
  refuseOddValues(value, where);
  return value;
}

function parseValue(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${where} is not valid JSON: ${(error as Error).message}`);
  }
}

/** Refuses values that nest too deeply, and the key `__proto__`, which schemas overlook. */
function refuseOddValues(value: unknown, where: string): void {
  const open: [unknown, number][] = [[value, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [part, depth] = next;
    if (typeof part !== 'object' || part === null) continue;
    if (depth > DEEPEST)
      throw new UserError(`${where} is nested too deeply, expected at most ${DEEPEST} levels`);
    if (Object.hasOwn(part, '__proto__'))
      throw new UserError(`${where} has a key "__proto__", expected none`);
    for (const inner of Object.values(part)) open.push([inner, depth + 1]);
  }
}

/** A number as `writeJson` writes it: JSON itself has no word for NaN and the infinities of a diverged training. */
export const jsonNumber: z.ZodType<number> = z.union([
  z.number(),
  z.enum(['NaN', 'Infinity', '-Infinity']).transform((text) => Number(text)),
]);

/** Writes indented JSON atomically; numbers that are not finite become strings. */
export function writeJson(path: string, value: unknown): void {
  writeFileAtomic(path, `${JSON.stringify(value, replaceNonFinite, 2)}\n`);
}

function replaceNonFinite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
