/** @file Records as JSON files: what earlier runs wrote is checked against a schema, and errors name the file. */
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { writeFileAtomic } from './atomic.ts';
import { readBoundedFile } from './read.ts';

/** Most bytes of a file of settings or records: hundreds of times as many as td writes. */
export const LARGEST_RECORD = 2 ** 20;

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
  const result = schema.safeParse(parseText(text, where));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const key = issue?.path.map(String).join('.');
  throw new UserError(`${where}: ${key ? `"${key}": ` : ''}${issue?.message ?? 'unexpected content'}`);
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
