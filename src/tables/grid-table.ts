/** @file Variants of a grid side by side: one axis down, the other across. */
import { parseGridName } from '../config/grid.ts';
import { groupBy } from '../maps.ts';
import { compareNaturally } from '../order.ts';
import type { Granularity } from '../pruning/types.ts';
import type { SweepRow } from '../sweeps/rows.ts';
import { type Cell, summarizeSeeds } from './cell.ts';

export interface GridTable {
  /** The variant under which the grid stands, with what further axes say: `targeted, schedule.epochs 5`. */
  readonly base: string;
  readonly granularity: Granularity;
  /** Down, then across. */
  readonly axes: readonly [string, string];
  readonly values: readonly [readonly string[], readonly string[]];
  readonly pruneRate: number;
  /** Accuracy over seeds, by the values of the two axes; nothing where it was not swept. */
  readonly cells: readonly (readonly (Cell | undefined)[])[];
}

/**
 * A table for each grid of at least two axes, the first two of them, at each rate that was swept.
 *
 * @param rows of one evaluation
 */
export function tabulateGrids(rows: readonly SweepRow[], granularity: Granularity): GridTable[] {
  const placed = rows.flatMap((row) => {
    const point = row.granularity === granularity ? parseGridName(row.variant) : undefined;
    const [first, second, ...others] = [...(point?.values ?? [])];
    if (point === undefined || first === undefined || second === undefined) return [];
    const base = [point.base, ...others.map(([key, value]) => `${key} ${value}`)].join(', ');
    return [{ row, base, axes: [first[0], second[0]] as const, place: [first[1], second[1]] as const }];
  });
  const groups = groupBy(placed, ({ base, axes, row }) => JSON.stringify([base, axes, row.pruneRate]));
  return [...groups.values()].flatMap((own): GridTable[] => {
    const [first] = own;
    if (first === undefined) return [];
    const valuesOf = (axis: 0 | 1) => [...new Set(own.map(({ place }) => place[axis]))].toSorted(compareNaturally); // biome-ignore format: one line
    const values = [valuesOf(0), valuesOf(1)] as const;
    const cellAt = (down: string, across: string) =>
      summarizeSeeds(
        own.filter(({ place }) => place[0] === down && place[1] === across).map(({ row }) => row.accuracy),
      );
    const cells = values[0].map((down) => values[1].map((across) => cellAt(down, across)));
    const { base, axes, row } = first;
    return [{ base, granularity, axes, values, pruneRate: row.pruneRate, cells }];
  });
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
  const means = cells.flat().flatMap((cell) => (cell === undefined ? [] : [cell.mean]));
  return means.length === 0 ? -1 : Math.max(...means) - Math.min(...means);
}
