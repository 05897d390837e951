/** @file Variants of a grid side by side: one axis down, the other across. */
import { type GridPoint, parseGridName, pathOf } from '../config/grid.ts';
import type { RunSettings } from '../config/schema.ts';
import { at } from '../lookup.ts';
import { groupBy } from '../maps.ts';
import { compareNaturally } from '../order.ts';
import type { Granularity } from '../pruning/types.ts';
import { listLeaves } from '../settings/plain.ts';
import { type SweepRow, settingsHashOf } from '../sweeps/rows.ts';
import { type Cell, summarizeSeeds } from './cell.ts';

export interface GridTable {
  /**
   * The variant under which the grid stands, with what further axes say, and where it was trained with several settings, what these
   * are: `targeted, schedule.epochs 5`.
   */
  readonly base: string;
  readonly granularity: Granularity;
  /** Down, then across. */
  readonly axes: readonly [string, string];
  readonly values: readonly [readonly string[], readonly string[]];
  readonly pruneRate: number;
  /** Accuracy over seeds, by the values of the two axes; null where it was not swept. */
  readonly cells: readonly (readonly (Cell | null)[])[];
}

interface PlacedRow {
  readonly row: SweepRow;
  readonly base: string;
  readonly axes: readonly [string, string];
  readonly place: readonly [string, string];
}

/**
 * A table for each grid of at least two axes, the first two of them, at each rate that was swept. Runs that were trained with
 * different settings are never averaged: where a variant of a grid has several, the grid has a table for each.
 *
 * @param rows of one evaluation
 * @param settings by the first 8 digits of their hash, as far as they are known
 */
export function tabulateGrids(
  rows: readonly SweepRow[],
  granularity: Granularity,
  settings: ReadonlyMap<string, RunSettings>,
): GridTable[] {
  const placed = rows.flatMap((row): (PlacedRow & { readonly point: GridPoint })[] => {
    const point = row.granularity === granularity ? parseGridName(row.variant) : undefined;
    const [first, second, ...others] = [...(point?.values ?? [])];
    if (point === undefined || first === undefined || second === undefined) return [];
    const base = [point.base, ...others.map(([key, value]) => `${key} ${value}`)].join(', ');
    return [{ row, point, base, axes: [first[0], second[0]], place: [first[1], second[1]] }];
  });
  const grids = groupBy(placed, ({ base, axes }) => JSON.stringify([base, axes]));
  return [...grids.values()].flatMap((grid) => {
    const named = nameSettings(grid, settings);
    const tables = groupBy(named, ({ base, row }) => JSON.stringify([base, row.pruneRate]));
    return [...tables.values()].map((own) => tabulate(own, granularity));
  });
}

/** Adds to the name of the grid which settings a row is of, if some variant was trained with several. */
function nameSettings(
  grid: readonly (PlacedRow & { readonly point: GridPoint })[],
  settings: ReadonlyMap<string, RunSettings>,
): readonly PlacedRow[] {
  const hashes = groupBy(grid, ({ row }) => row.variant);
  const isShared = [...hashes.values()].some((own) => new Set(own.map(({ row }) => settingsHashOf(row))).size > 1); // biome-ignore format: one line
  if (!isShared) return grid;
  const besides = grid.map(({ row, point }) => {
    const known = settings.get(settingsHashOf(row));
    return known && settingsBesides(known, point);
  });
  const differing = differingPaths(besides.flatMap((leaves) => leaves ?? []));
  return grid.map((placed, index) => {
    const leaves = besides[index];
    const what =
      leaves === undefined
        ? [`settings ${settingsHashOf(placed.row)}`]
        : differing.map((path) => `${path} ${leaves.get(path) ?? 'absent'}`);
    return { ...placed, base: [placed.base, ...what].join(', ') };
  });
}

/** Leaves of settings by their paths, as JSON, without those that the axes of the grid say, or that follow from them. */
function settingsBesides(settings: RunSettings, { values }: GridPoint): ReadonlyMap<string, string> {
  const axes = new Set([...values.keys()].map((key) => pathOf(key).join('.')));
  // The hash of the settings of the variant that it goes on from.
  if (axes.has('regularizer.from')) axes.add('regularizer.parent');
  return new Map(
    listLeaves(settings)
      .map(({ keys, value }): [string, string] => [keys.join('.'), JSON.stringify(value) ?? ''])
      .filter(([path, value]) => value !== '' && !axes.has(path)),
  );
}

function differingPaths(all: readonly ReadonlyMap<string, string>[]): string[] {
  const paths = new Set(all.flatMap((leaves) => [...leaves.keys()]));
  return [...paths].filter((path) => new Set(all.map((leaves) => leaves.get(path))).size > 1);
}

/** @param own rows of one grid at one rate, at least one */
function tabulate(own: readonly PlacedRow[], granularity: Granularity): GridTable {
  const { base, axes, row } = at(own, 0);
  const valuesOf = (axis: 0 | 1) => [...new Set(own.map(({ place }) => place[axis]))].toSorted(compareNaturally); // biome-ignore format: one line
  const values = [valuesOf(0), valuesOf(1)] as const;
  const cellAt = (down: string, across: string): Cell | null => {
    const seeds = own.filter(({ place }) => place[0] === down && place[1] === across);
    return summarizeSeeds(seeds.map((one) => one.row.accuracy)) ?? null;
  };
  const cells = values[0].map((down) => values[1].map((across) => cellAt(down, across)));
  return { base, granularity, axes, values, pruneRate: row.pruneRate, cells };
}

/** Of the tables of each grid, of pruned networks if there are any, the one in which accuracies lie farthest apart. */
export function selectTelling(tables: readonly GridTable[]): GridTable[] {
  return [...groupBy(tables, ({ base, axes }) => JSON.stringify([base, axes])).values()].flatMap((own) => {
    const order = own.toSorted(
      (a, b) => Number(b.pruneRate > 0) - Number(a.pruneRate > 0) || spreadOf(b) - spreadOf(a),
    );
    return order[0] ?? [];
  });
}

function spreadOf({ cells }: GridTable): number {
  const means = cells.flat().flatMap((cell) => (cell === null ? [] : [cell.mean]));
  return means.length === 0 ? -1 : Math.max(...means) - Math.min(...means);
}
