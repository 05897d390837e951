/** @file Writes resolved settings as YAML that is itself an experiment file. */

import { renderYaml } from '../yaml/render.ts';
import { type Entry, type MapTree, makeMap, type Tree } from '../yaml/tree.ts';
import type { Experiment, RunSpec } from './experiment.ts';
import { merge } from './merge.ts';

/**
 * Every setting of an experiment or of one run, defaults included, as YAML. Read again as a file it gives the same
 * runs with the same ids, so that `td run` on a run's own `config.yaml` repeats that run. Readers of YAML 1.1, such as
 * PyYAML, find the same values in it.
 *
 * @param written the experiment's file: keys keep its order, and those that it lacks follow; the schema's order if absent
 */
export function renderSettings(subject: Experiment | RunSpec, written: MapTree = makeMap('')): string {
  return renderYaml('variants' in subject ? layOutExperiment(subject, written) : layOutRun(subject));
}

function layOutRun({ experiment, seed, settings, variant }: RunSpec): Map<string, unknown> {
  const variants = new Map([[variant, {}]]);
  return new Map<string, unknown>(Object.entries({ name: experiment, seeds: [seed], ...settings, variants }));
}

function layOutExperiment({ name, seeds, sweep, variants }: Experiment, written: MapTree): unknown {
  const overlays = written.entries.get('variants')?.value;
  // Not an object, which would put names such as "10" before all others.
  const named = new Map(
    variants.map((variant) => {
      const overlay = overlays?.kind === 'map' ? overlays.entries.get(variant.name)?.value : undefined;
      const layout = overlay?.kind === 'map' ? merge(written, overlay) : written;
      return [variant.name, orderLike(layout, variant.settings)];
    }),
  );
  return orderLike(written, { name, seeds, sweep, variants: named });
}

/** The same value with the keys of its maps in the order of the layout. Keys that it lacks follow, but `name` comes first. */
function orderLike(layout: Tree | undefined, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map)
    return value;
  const entries = layout?.kind === 'map' ? layout.entries : new Map<string, Entry>();
  const order = [...(entries.has('name') ? [] : ['name']), ...entries.keys()];
  const keys = [...new Set([...order.filter((key) => Object.hasOwn(value, key)), ...Object.keys(value)])];
  return new Map(
    keys.map((key) => [key, orderLike(entries.get(key)?.value, (value as Record<string, unknown>)[key])]),
  );
}
