/** @file What makes two runs the same: the hash of the settings that differ from their defaults. */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { type RunSettings, runSettingsSchema } from './schema.ts';

type Plain = Record<string, unknown>;

/**
 * SHA-256 in hex of the settings that can change a run's numbers and differ from their defaults, as JSON with sorted
 * keys. A new setting with a default keeps every old hash; changing a default does not change the hash of those who
 * rely on it, so a default stays as it is and another behaviour gets a new setting. Of the user's own images their
 * fingerprint enters, wherever they lie; the seed does not, it stands beside the hash in a run's id.
 *
 * @param schema for tests: the schema whose defaults count
 */
export function hashOf(settings: RunSettings, schema: z.ZodType = runSettingsSchema): string {
  const essence = withoutDefaults(schema, { ...settings, dataset: identifyData(settings.dataset) });
  return createHash('sha256').update(writeSorted(essence)).digest('hex');
}

/**
 * What of a data set's settings says which images they are: the fingerprint of those under a path, nothing of those that a
 * manifest pins. Runs of versions that knew no fingerprints have a path alone, as it was written.
 */
function identifyData({ path, fingerprint, ...rest }: RunSettings['dataset']): RunSettings['dataset'] {
  if (path === undefined) return rest;
  return fingerprint === undefined ? { ...rest, path } : { ...rest, fingerprint };
}

/** The smallest settings that the schema resolves to the same ones: what can be left out is a default. */
export function withoutDefaults(schema: z.ZodType, settings: Plain): Plain {
  const reduced = structuredClone(settings);
  const resolved = resolve(schema, settings);
  const prune = (map: Plain): void => {
    for (const [key, value] of Object.entries(map)) {
      delete map[key];
      if (resolve(schema, reduced) === resolved) continue;
      map[key] = value;
      if (isPlain(value)) prune(value);
    }
  };
  prune(reduced);
  return reduced;
}

/** The settings with their defaults, as text for comparison; undefined if the schema refuses them. */
function resolve(schema: z.ZodType, settings: Plain): string | undefined {
  const result = schema.safeParse(settings);
  return result.success ? writeSorted(result.data) : undefined;
}

function writeSorted(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    isPlain(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
