/** @file Loads an experiment: file, extended files, variants and command line, resolved and checked. */
import { basename } from 'node:path';
import { suggest, UserError } from '../errors.ts';
import { validate, validatePartial } from '../settings/validate.ts';
import { type Entry, filterKeys, type MapTree, makeMap, toPlain, toTree } from '../yaml/tree.ts';
import { resolveDataPaths } from './data-paths.ts';
import { type Experiment, type RunSelection, requireVariants } from './experiment.ts';
import { type DataPaths, readExperimentFile } from './experiment-files.ts';
import { expandGrids, requireGridValues } from './grid.ts';
import { merge } from './merge.ts';
import { parseOverride } from './overrides.ts';
import { type ReadVariant, withAncestors, withoutPassedOver } from './parents.ts';
import { experimentSchema, runSettingsSchema } from './schema.ts';

export interface LoadOptions extends RunSelection {
  /** `path.to.key=value`, laid over every variant, last of all. */
  readonly set?: readonly string[] | undefined;
  /** To which paths of data in `set` are relative; the working folder if absent. */
  readonly folder?: string | undefined;
  /** `relative to the file` if absent. */
  readonly dataPaths?: DataPaths | undefined;
}

/** Every file is laid over these: `optimizer: { momentum: 0.8 }` then changes the default optimizer, whose name need not be repeated. */
const DEFAULTS = toTree(
  { ...runSettingsSchema.parse({}), sweep: {}, variants: {} },
  'the defaults',
) as MapTree;

/**
 * Reads and resolves an experiment. If `only` names variants, overrides of a run's settings hold for these; the other
 * variants are checked as the file has them and left out, apart from those that the named ones go on from.
 *
 * @throws UserError for the first mistake: what, where (file:line:column or the flag), what was expected
 */
export function loadExperiment(path: string, options: LoadOptions = {}): Experiment {
  const tree = readExperimentFile(path, options.dataPaths ?? 'relative to the file');
  return resolveExperiment(withName(tree, path), path, options);
}

/**
 * Resolves an experiment whose settings are at hand, as `loadExperiment` does those of a file.
 *
 * @param settings what a file would hold, the experiment's name included
 * @param path names where they come from
 * @throws UserError as `loadExperiment`
 */
export function resolveExperiment(settings: MapTree, path: string, options: LoadOptions = {}): Experiment {
  const file = expandGrids(merge(DEFAULTS, settings));
  const overrides = readOverrides(options, variantsOf(file));
  const tree = merge(file, filterKeys(overrides, isExperimentKey));
  const { name, seeds, sweep, variants: named = {} } = validate(experimentSchema, tree);
  refusePassedOver(named, variantsOf(tree));
  const base = filterKeys(file, isSettingsKey);
  const last = filterKeys(overrides, isSettingsKey);
  const variants = resolveVariants(base, variantsOf(tree), last, options.only);
  if (options.only !== undefined) requireVariants(options.only, [...variants.keys()], name);
  const chosen = withAncestors(options.only ?? variants.keys(), variants);
  const written = variantsOf(file);
  for (const variant of chosen) {
    const overlay = written.get(variant.name)?.value;
    const tree = variants.get(variant.name)?.tree;
    if (overlay !== undefined && tree !== undefined) requireGridValues(variant.name, overlay, tree);
  }
  return { name, path, seeds, sweep, variants: chosen };
}

function isSettingsKey(key: string): boolean {
  return Object.hasOwn(runSettingsSchema.shape, key);
}

function isExperimentKey(key: string): boolean {
  return !isSettingsKey(key);
}

function withName(file: MapTree, path: string): MapTree {
  const name = basename(path).replace(/\.ya?ml$/i, '');
  return merge(toTree({ name }, path) as MapTree, file);
}

function variantsOf(tree: MapTree): ReadonlyMap<string, Entry> {
  const variants = tree.entries.get('variants')?.value;
  return variants?.kind === 'map' ? variants.entries : new Map();
}

/** zod leaves a key `__proto__` of a record out without an error. */
function refusePassedOver(named: object, variants: ReadonlyMap<string, Entry>): void {
  for (const [name, { place }] of variants) {
    if (!Object.hasOwn(named, name)) throw new UserError(`${place}: "${name}" cannot be a name in variants`);
  }
}

/** Overrides are merged with one another first: else one that changes a `name` would discard those given before it. */
function readOverrides(
  { set = [], seeds, folder = '.' }: LoadOptions,
  variants: ReadonlyMap<string, Entry>,
): MapTree {
  const names = [...variants.keys()];
  const trees = set.map((text) => parseOverride(text, names));
  if (seeds !== undefined) trees.push(toTree({ seeds }, '--seeds') as MapTree);
  const overrides = resolveDataPaths(trees.reduce(merge, makeMap('--set')), folder);
  for (const [name, { place }] of variantsOf(overrides)) {
    if (!variants.has(name))
      throw new UserError(`${place}: there is no variant "${name}"${suggest(name, names)}`);
  }
  return overrides;
}

function resolveVariants(
  settings: MapTree,
  overlays: ReadonlyMap<string, Entry>,
  last: MapTree,
  only: readonly string[] | undefined,
): Map<string, ReadVariant> {
  if (overlays.size === 0) {
    const tree = merge(settings, last);
    const resolved = withoutPassedOver(validate(runSettingsSchema, tree));
    const { name } = resolved.regularizer;
    return new Map([[name, { name, settings: resolved, tree, overlay: settings }]]);
  }
  validatePartial(runSettingsSchema, settings);
  return new Map(
    [...overlays].map(([name, entry]) => {
      const overlay = overlayOf(name, entry);
      const tree = [settings, overlay, ...((only?.includes(name) ?? true) ? [last] : [])].reduce(merge);
      const resolved = withoutPassedOver(validate(runSettingsSchema, tree, `variant "${name}"`));
      return [name, { name, settings: resolved, tree, overlay }];
    }),
  );
}

function overlayOf(name: string, { value }: Entry): MapTree {
  if (value.kind === 'map') return value;
  if (value.kind === 'scalar' && value.isEmpty) return makeMap(value.place);
  const shown = value.kind === 'list' ? 'a list' : JSON.stringify(toPlain(value));
  throw new UserError(
    `${value.place}: variant "${name}" is ${shown}, expected settings such as "regularizer: { name: l1 }"`,
  );
}
