/** @file Settings as plain data. */

/** A map of settings: an object, and no list. */
export type Plain = Record<string, unknown>;

export function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A setting that is no map of others. */
export interface Leaf {
  readonly keys: readonly string[];
  readonly value: unknown;
}

/** In their order. */
export function listLeaves(value: unknown, keys: readonly string[] = []): Leaf[] {
  if (!isPlain(value)) return [{ keys, value }];
  return Object.entries(value).flatMap(([key, entry]) => listLeaves(entry, [...keys, key]));
}
