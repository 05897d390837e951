/** @file What a run's settings change, setting by setting. */
import { isPlain, listLeaves } from '../settings/plain.ts';
import { withoutDefaults } from './identity.ts';
import { type RunSettings, runSettingsSchema } from './schema.ts';

export interface Difference {
  /** As `--set` takes it: `schedule.epochs`. */
  readonly path: string;
  readonly value: unknown;
  /** What would hold without it; absent if there is no default. */
  readonly default?: unknown;
}

/** The settings that differ from their defaults, in the order of the schema. */
export function differencesFromDefaults(settings: RunSettings): Difference[] {
  return listLeaves(withoutDefaults(runSettingsSchema, settings)).flatMap(({ keys, value }) => {
    const usual = defaultAt(settings, keys, keys.length);
    // A name stands beside the settings that belong to it, even if it is the default.
    if (JSON.stringify(usual) === JSON.stringify(value)) return [];
    return { path: keys.join('.'), value, ...(usual === undefined ? {} : { default: usual }) };
  });
}

/**
 * The default of a setting: what the schema fills in where the setting is left out. Where the schema cannot do without it, as
 * without the name of an optimizer, the whole map that holds it is left out.
 *
 * @param depth how many of the keys lead to what is left out
 */
function defaultAt(settings: RunSettings, keys: readonly string[], depth: number): unknown {
  if (depth === 0) return undefined;
  const reduced: unknown = structuredClone(settings);
  const parent = valueAt(reduced, keys.slice(0, depth - 1));
  if (isPlain(parent)) delete parent[keys[depth - 1] ?? ''];
  const resolved = runSettingsSchema.safeParse(reduced);
  return resolved.success ? valueAt(resolved.data, keys) : defaultAt(settings, keys, depth - 1);
}

function valueAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce((inner, key) => (isPlain(inner) ? inner[key] : undefined), value);
}
