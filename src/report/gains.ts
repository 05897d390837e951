/** @file What you get: for each method the smallest network that is as accurate as its whole one, within a point, and its costs. */
import type { MeasureRow } from '../export/measure-rows.ts';
import { findMeasure } from '../export/measure-rows.ts';
import type { MethodRuns } from '../figures/group-methods.ts';
import type { Granularity } from '../pruning/types.ts';
import { isPlain, type SweepRow } from '../sweeps/rows.ts';
import { summarizeSeeds } from '../tables/cell.ts';
import { TOLERANCE } from './reach.ts';

export interface Gain {
  readonly heading: string;
  /** Share of the test images that the network with nothing pruned classifies correctly, and the smallest one. */
  readonly dense: number;
  readonly accuracy: number;
  /** Prune rate of the smallest. */
  readonly rate: number;
  /** Means over the seeds that were measured, of the exported network; absent where none was. */
  readonly measured?: { readonly smallest: Costs; readonly dense: Costs };
  /** Share of the multiply-adds of prunable layers whose entry is not zero, as the sweep counts them. */
  readonly multiplyAddsShare: number;
}

/** For each granularity that is pruned. */
export interface GranularityGains {
  readonly granularity: Granularity;
  readonly gains: readonly Gain[];
}

export interface Costs {
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly multiplyAdds: number;
  /** Milliseconds for one image and for 128. */
  readonly one: number;
  readonly many: number;
}

/** Methods that were not evaluated with nothing pruned are left out. */
export function collectGains(
  methods: readonly MethodRuns[],
  granularity: Granularity,
  measures: readonly MeasureRow[],
): Gain[] {
  return methods.flatMap(({ heading, rows }): Gain[] => {
    const own = rows.filter((row) => row.granularity === granularity && isPlain(row));
    const at = (rate: number): SweepRow[] => own.filter(({ pruneRate }) => pruneRate === rate);
    const meanAt = (rate: number) => summarizeSeeds(at(rate).map(({ accuracy }) => accuracy))?.mean;
    const dense = meanAt(0);
    if (dense === undefined) return [];
    const rates = [...new Set(own.map(({ pruneRate }) => pruneRate))].toSorted((a, b) => a - b);
    // As everywhere in the report the first fall counts: a network that recovers at a higher rate does so by chance.
    const firstFall = rates.findIndex((rate) => (meanAt(rate) ?? 0) < dense - TOLERANCE);
    const rate = rates[firstFall < 0 ? rates.length - 1 : firstFall - 1] ?? 0;
    const [smallest, whole] = [rate, 0].map((one) =>
      costsOf(at(one).flatMap((row) => findMeasure(measures, row.runId, granularity, one) ?? [])),
    );
    const shares = at(rate).map((row) => row.multiplyAddsKept / row.multiplyAddsTotal);
    return [
      {
        ...{ heading, dense, rate, accuracy: meanAt(rate) ?? dense },
        multiplyAddsShare: summarizeSeeds(shares)?.mean ?? Number.NaN,
        ...(smallest && whole ? { measured: { smallest, dense: whole } } : {}),
      },
    ];
  });
}

function costsOf(rows: readonly MeasureRow[]): Costs | undefined {
  if (rows.length === 0) return undefined;
  const meanOf = (numberOf: (row: MeasureRow) => number): number =>
    rows.reduce((sum, row) => sum + numberOf(row), 0) / rows.length;
  return {
    bytes: meanOf((row) => (row.granularity === 'weight' ? row.sparseBytes : row.bytes)),
    gzipBytes: meanOf(({ gzipBytes }) => gzipBytes),
    multiplyAdds: meanOf(({ multiplyAdds }) => multiplyAdds),
    one: meanOf(({ median1 }) => median1),
    many: meanOf(({ median128 }) => median128),
  };
}
