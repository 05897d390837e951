/** @file Options of the library's functions, held to what the flags of the command line allow: the first mistake in one sentence. */
import type { z } from 'zod';
import { suggest, UserError } from '../errors.ts';
import { isPlain } from '../settings/plain.ts';
import { validate } from '../settings/validate.ts';
import { type MapTree, toTree } from '../yaml/tree.ts';
import { describe } from './checks.ts';

/** Options that are no data, by what they must be. */
const LIVE = {
  signal: { is: (value: unknown) => value instanceof AbortSignal, expected: 'an AbortSignal' },
  startStage: { is: (value: unknown) => typeof value === 'function', expected: 'a function' },
} as const;

type Live = keyof typeof LIVE;
const NO_DATA = Object.keys(LIVE);

/** A schema for each option that is data, so that an option without one does not compile. */
export type SchemasOf<Options> = Readonly<Record<Exclude<keyof Options, Live>, z.ZodType>>;

/**
 * @param of the function that was called, for errors
 * @param options as a program gave them
 * @param schema of those that are data
 * @param live names of those that are not
 * @throws UserError if they are no object, one has a name that no option has, or a value that it cannot have
 */
export function requireOptions(
  of: string,
  options: unknown,
  schema: z.ZodObject,
  live: readonly Live[] = [],
): void {
  const place = `the options of ${of}`;
  if (!isPlain(options)) throw new UserError(`${place} are ${describe(options)}, expected an object`);
  // What it inherits would be used without being looked at.
  if (!isRecord(options))
    throw new UserError(`${place} inherit from another object, expected one such as { results: "results" }`);
  requireKnown(of, options, [...Object.keys(schema.shape), ...live]);
  for (const name of live) requireLive(place, name, options[name]);
  const data = Object.entries(options).filter(([name]) => !NO_DATA.includes(name));
  validate(schema, toDataTree(Object.fromEntries(data), place));
}

function requireKnown(of: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UserError(`${of} has no option "${unknown}"${suggest(unknown, known)}`);
}

function requireLive(place: string, name: Live, value: unknown): void {
  const { is, expected } = LIVE[name];
  if (value === undefined || is(value)) return;
  throw new UserError(`${place}: ${name} is ${describe(value)}, expected ${expected}`);
}

/**
 * Data of a program as the tree that a file would be. A `Map` in it would pass for an object without keys.
 *
 * @param place names it in errors
 * @throws UserError if something in it is no data, or contains itself
 */
export function toDataTree(data: Readonly<Record<string, unknown>>, place: string): MapTree {
  for (const [name, value] of Object.entries(data)) requireData(value, `${place}: ${name}`, [data]);
  return toTree(data, place) as MapTree;
}

function requireData(value: unknown, subject: string, around: readonly unknown[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (around.includes(value))
    throw new UserError(`${subject} contains itself, expected data as a file holds it`);
  if (!Array.isArray(value) && !isRecord(value)) {
    const kind = String(value.constructor?.name);
    throw new UserError(`${subject} is an object of the class ${kind}, expected data as a file holds it`);
  }
  for (const [name, inner] of Object.entries(value))
    requireData(inner, Array.isArray(value) ? `${subject}[${name}]` : `${subject}.${name}`, [
      ...around,
      value,
    ]);
}

/** Whether an object is none of a class. The prototype of `{}` differs between contexts of Node, and has none itself. */
function isRecord(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
