/** @file Writes resolved settings as YAML that is itself an experiment file. */
import { Document, type ScalarTag, visit } from 'yaml';
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
export function printSettings(subject: Experiment | RunSpec, written: MapTree = makeMap('')): string {
  return writeYaml('variants' in subject ? layOutExperiment(subject, written) : layOutRun(subject));
}

function layOutRun({ experiment, seed, settings, variant }: RunSpec): Map<string, unknown> {
  const variants = new Map([[variant, {}]]);
  return new Map<string, unknown>(Object.entries({ name: experiment, seeds: [seed], ...settings, variants }));
}

function layOutExperiment({ name, seeds, sweep, variants }: Experiment, written: MapTree): unknown {
  const overlays = written.entries.get('variants')?.value;
  // A map, since an object would have names such as "10" before all others.
  const named = new Map(
    variants.map((variant) => {
      const overlay = overlays?.kind === 'map' ? overlays.entries.get(variant.name)?.value : undefined;
      const layout = overlay?.kind === 'map' ? merge(written, overlay) : written;
      return [variant.name, orderLike(layout, variant.settings)];
    }),
  );
  return orderLike(written, { name, seeds, sweep, variants: named });
}

/** The same value with the keys of its maps in the order of the layout; of those that it lacks `name` leads, the rest follow. */
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

/** What PyYAML takes for no text unless it is escaped, and line ends that YAML 1.2 does not know. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|\p{Surrogate}/gu;

/** Text that is safe in quotes only: with such characters or control characters, and the two signs that YAML 1.1 gives a meaning. */
const DELICATE = new RegExp(`${UNPRINTABLE.source}|\\p{Cc}|^(=|<<)$`, 'u');

/** In YAML 1.1 a number with an exponent has a point as well: `1e-8` is text there. */
const exponential: ScalarTag = {
  identify: (value) => typeof value === 'number' && /^-?\de/.test(String(value)),
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: /^-?\d\.0e[-+]\d+$/,
  resolve: Number,
  stringify: ({ value }) => String(value).replace('e', '.0e'),
};

/** YAML that means the same in versions 1.1 and 1.2: words such as `no`, `010`, `1:30` or a date are in quotes. */
function writeYaml(content: unknown): string {
  const document = new Document(content, {
    aliasDuplicateObjects: false,
    compat: 'yaml-1.1',
    customTags: (tags) => [exponential, ...tags],
  });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && DELICATE.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 }).replace(UNPRINTABLE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
