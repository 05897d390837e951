/** @file Grids under a variant: `grid: { dropRate: [0.33, 0.66], schedule.epochs: [5, 10] }` stands for a variant of each combination. */
import { UserError } from '../errors.ts';
import {
  type Entry,
  type MapTree,
  makeMap,
  nodeAt,
  type ScalarTree,
  type Tree,
  toPlain,
} from '../yaml/tree.ts';

/** Combinations under one variant. */
const MOST_COMBINATIONS = 500;

/** A value in the name of a variant, which becomes the name of a folder. */
const NAMEABLE = /^[a-z0-9._-]+$/i;

/** One setting that a grid varies. */
interface Axis {
  /** As the file has it: `dropRate`, or a path such as `schedule.learningRate`. */
  readonly key: string;
  readonly place: string;
  readonly values: readonly ScalarTree[];
}

/** What the name of a variant of a grid says. */
export interface GridPoint {
  /** The variant under which the grid stands. */
  readonly base: string;
  /** In the order of the file. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Puts in the place of each variant with a grid its variants, the first axis outermost: `targeted--dropRate-0.33--schedule.epochs-5`. A key
 * without a dot is a setting of the regularizer, one with dots the path of any setting.
 *
 * @param experiment with its variants
 * @throws UserError if a grid is no map of lists, has no axis or too many combinations, or a value is listed twice or cannot be in a name
 */
export function expandGrids(experiment: MapTree): MapTree {
  const variants = experiment.entries.get('variants');
  if (variants?.value.kind !== 'map') return experiment;
  const expanded = [...variants.value.entries].flatMap(([name, entry]) => expandVariant(name, entry));
  const value = makeMap(variants.value.place, expanded);
  return makeMap(experiment.place, [...experiment.entries, ['variants', { ...variants, value }]]);
}

/** @returns nothing for a variant that no grid made */
export function parseGridName(variant: string): GridPoint | undefined {
  // A key begins with a letter: the second dash before a digit is the sign of a value.
  const [base = '', ...parts] = variant.split(/--(?=[a-z])/i);
  const values = parts.flatMap((part): [string, string][] => {
    const [, key, value] = /^([^-]+)-(.+)$/.exec(part) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value]];
  });
  const isOfGrid = parts.length > 0 && values.length === parts.length;
  return isOfGrid ? { base, values: new Map(values) } : undefined;
}

/**
 * A variant of a grid is named by its values, and tables lay it out by its name.
 *
 * @param overlay what the file says of the variant
 * @param tree all of its settings
 * @throws UserError if a flag gives an axis of its grid another value
 */
export function requireGridValues(variant: string, overlay: Tree, tree: Tree): void {
  for (const key of parseGridName(variant)?.values.keys() ?? []) {
    const [named, used] = [overlay, tree].map((settings) => nodeAt(settings, pathOf(key)));
    if (named === undefined || JSON.stringify(plainOf(named)) === JSON.stringify(plainOf(used))) continue;
    throw new UserError(
      `--set changes ${key}, by which the grid names variant "${variant}", expected other values in the grid of the file, or a variant without one`,
    );
  }
}

const plainOf = (tree: Tree | undefined) => tree && toPlain(tree);

function expandVariant(name: string, entry: Entry): [string, Entry][] {
  const { value } = entry;
  const grid = value.kind === 'map' ? value.entries.get('grid') : undefined;
  if (value.kind !== 'map' || grid === undefined) return [[name, entry]];
  const axes = readAxes(grid);
  const settings = makeMap(
    value.place,
    [...value.entries].filter(([key]) => key !== 'grid'),
  );
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (count > MOST_COMBINATIONS)
    throw new UserError(
      `${grid.place}: the grid of variant "${name}" has ${count} combinations, expected at most ${MOST_COMBINATIONS}`,
    );
  let made: { readonly name: string; readonly tree: MapTree }[] = [{ name, tree: settings }];
  for (const axis of axes)
    made = made.flatMap((before) =>
      axis.values.map((own) => ({
        name: `${before.name}--${axis.key}-${String(own.value)}`,
        tree: put(before.tree, pathOf(axis.key), own, axis.place),
      })),
    );
  return made.map(({ name: own, tree }) => [own, { place: entry.place, value: tree }]);
}

function readAxes({ place, value }: Entry): Axis[] {
  if (value.kind !== 'map' || value.entries.size === 0)
    throw new UserError(
      `${place}: a grid needs settings with lists of values, such as { dropRate: [0.33, 0.66] }`,
    );
  return [...value.entries].map(([key, entry]) => {
    const items = entry.value.kind === 'list' ? entry.value.items : [];
    const values = items.filter((item): item is ScalarTree => item.kind === 'scalar');
    if (values.length === 0 || values.length < items.length)
      throw new UserError(
        `${entry.place}: ${key} of a grid is no list of values, expected one such as [0.33, 0.66]`,
      );
    if (!/^[a-z]+(\.[a-z]+)*$/i.test(key))
      throw new UserError(`${entry.place}: "${key}" is no setting, expected one such as dropRate or schedule.learningRate`); // biome-ignore format: one sentence
    const texts = values.map((own) => String(own.value));
    const unnamed = texts.find((text) => !NAMEABLE.test(text) || text.includes('--'));
    if (unnamed !== undefined)
      throw new UserError(`${entry.place}: "${unnamed}" cannot be in the name of a variant, expected letters, digits, dots and dashes`); // biome-ignore format: one sentence
    const repeated = texts.find((text, index) => texts.indexOf(text) < index);
    if (repeated !== undefined)
      throw new UserError(
        `${entry.place}: ${repeated} stands twice in ${key} of a grid, expected each value once`,
      );
    return { key, place: entry.place, values };
  });
}

/** Where in a run's settings an axis of this key lies. */
export function pathOf(key: string): string[] {
  return key.includes('.') ? key.split('.') : ['regularizer', key];
}

/** The map with a value at a path; maps on the way are made where they are missing. */
function put(map: MapTree, [key = '', ...rest]: readonly string[], value: Tree, place: string): MapTree {
  const before = map.entries.get(key);
  const inner = before?.value.kind === 'map' ? before.value : makeMap(place);
  const own: Entry = { place, value: rest.length === 0 ? value : put(inner, rest, value, place) };
  return makeMap(map.place, new Map([...map.entries, [key, own]]));
}
