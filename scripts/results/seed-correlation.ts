/** @file Whether variants of one seed are accurate together, which decides if differences are taken seed by seed. */
import { groupBy } from '../../src/maps.ts';
import type { SweepRow } from '../../src/sweeps/rows.ts';

/** `0.05 on average over 30 pairs of cells of 16 seeds` */
export function describeSeedCorrelation(rows: readonly SweepRow[]): string {
  const cells = [...groupBy(rows, ({ granularity, pruneRate }) => `${granularity} ${pruneRate}`).values()];
  const correlations = cells.flatMap((cell) => {
    const variants = [...groupBy(cell, ({ variant }) => variant).values()];
    return variants.flatMap((first, index) =>
      variants.slice(index + 1).flatMap((second) => correlate(pairSeeds(first, second)) ?? []),
    );
  });
  const mean = correlations.reduce((sum, value) => sum + value, 0) / correlations.length;
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  return `${mean.toFixed(2)} on average over ${correlations.length} pairs of cells of ${seeds} seeds`;
}

function pairSeeds(first: readonly SweepRow[], second: readonly SweepRow[]): [number, number][] {
  const bySeed = new Map(second.map(({ seed, accuracy }) => [seed, accuracy]));
  return first.flatMap(({ seed, accuracy }): [number, number][] => {
    const other = bySeed.get(seed);
    return other === undefined ? [] : [[accuracy, other]];
  });
}

/** Pearson's r; nothing where a side does not vary. */
export function correlate(pairs: readonly (readonly [number, number])[]): number | undefined {
  const meanOf = (side: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
  const [x, y] = [meanOf(0), meanOf(1)];
  const sumOf = (term: (a: number, b: number) => number) =>
    pairs.reduce((sum, [a, b]) => sum + term(a - x, b - y), 0);
  const spread = Math.sqrt(sumOf((a) => a * a) * sumOf((_, b) => b * b));
  return spread > 0 ? sumOf((a, b) => a * b) / spread : undefined;
}
