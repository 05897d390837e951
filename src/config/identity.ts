/** @file What makes two runs the same: the hash of the settings that differ from their defaults. */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { isPlain, type Plain } from '../settings/plain.ts';
import { type RunSettings, runSettingsSchema } from './schema.ts';

/**
 * SHA-256 in hex of the settings that can change a run's numbers and differ from their defaults, as JSON with sorted
 * keys. A new setting with a default therefore keeps every old hash. A default must never change: runs that rely on it
 * would keep their hash and get other numbers, so another behaviour gets a new setting. The user's own images enter with
 * their fingerprint and not with their path, parts of a plugin with the content of the plugin. The seed is no part of the hash;
 * a run's id has both.
 *
 * @param schema for tests: the schema whose defaults count
 */
export function hashOf(settings: RunSettings, schema: z.ZodType = runSettingsSchema): string {
  const identified = { ...settings, dataset: identifyData(settings.dataset) };
  const key = JSON.stringify(identified);
  const hashes = hashesOf(schema);
  const found = hashes.get(key);
  if (found !== undefined) return found;
  const essence = withoutDefaults(schema, identified);
  addPlugins(essence, settings);
  const hash = createHash('sha256').update(writeSorted(essence)).digest('hex');
  hashes.set(key, hash);
  return hash;
}

/** Hashes that are known, for each schema by the settings as JSON: the seeds of a variant have one. */
const known = new WeakMap<z.ZodType, Map<string, string>>();

function hashesOf(schema: z.ZodType): Map<string, string> {
  const hashes = known.get(schema) ?? new Map<string, string>();
  known.set(schema, hashes);
  return hashes;
}

/** The content of a plugin is at its default with the plugin at hand, and counts all the same. */
function addPlugins(essence: Plain, settings: RunSettings): void {
  for (const part of ['dataset', 'model', 'regularizer'] as const) {
    const { plugin } = settings[part] as { readonly plugin?: string };
    if (plugin !== undefined) essence[part] = { ...(essence[part] as Plain | undefined), plugin };
  }
}

/**
 * A data set's settings with what tells its images from others: their fingerprint if they lie under a path, nothing if a
 * manifest pins them. Runs of versions without fingerprints have the path alone, as it was written.
 */
function identifyData({ path, fingerprint, ...rest }: RunSettings['dataset']): RunSettings['dataset'] {
  if (path === undefined) return rest;
  return fingerprint === undefined ? { ...rest, path } : { ...rest, fingerprint };
}

/** The smallest settings that the schema resolves to the same ones: what can be left out is a default. */
export function withoutDefaults(schema: z.ZodType, settings: Plain): Plain {
  const reduced = structuredClone(settings);
  const resolved = schema.safeParse(settings);
  const changesNothing = () => {
    const result = schema.safeParse(reduced);
    if (!result.success || !resolved.success) return result.success === resolved.success;
    return isSame(result.data, resolved.data);
  };
  const prune = (map: Plain): void => {
    for (const [key, value] of Object.entries(map)) {
      delete map[key];
      if (changesNothing()) continue;
      map[key] = value;
      if (isPlain(value)) prune(value);
    }
  };
  prune(reduced);
  return reduced;
}

/** Whether two values are the same as JSON, whatever the order of their keys. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((entry, index) => isSame(entry, b[index]));
  }
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isSame(a[key], b[key]));
}

function writeSorted(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    isPlain(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
}
