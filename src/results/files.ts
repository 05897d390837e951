/** @file Reading text and JSON that earlier runs wrote, with errors that name the file. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';

/** @returns the file's bytes, or nothing if there is no such file */
export function readIfPresent(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Reads a JSON file of a known form.
 *
 * @returns nothing if there is no such file
 * @throws UserError if it is not JSON or not of that form
 */
export function readJson<T extends z.ZodType>(path: string, schema: T): z.output<T> | undefined {
  const text = readIfPresent(path)?.toString('utf8');
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
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${where} is not valid JSON: ${(error as Error).message}`);
  }
}

/** A number as `writeJson` writes it: JSON itself has no word for NaN and the infinities of a diverged training. */
export const jsonNumber = z.union([
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
