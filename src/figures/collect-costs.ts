/** @file Accuracy against what a network costs to run: multiply-adds, and milliseconds where they were measured. */
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { findMeasure, type MeasureRow, readMeasures } from '../export/measure-rows.ts';
import type { Granularity } from '../pruning/types.ts';
import type { FoundRun } from '../runs/find.ts';
import { isPlain, type SweepRow } from '../sweeps/rows.ts';
import { summarizeSeeds } from '../tables/cell.ts';
import { lineOf, type MethodRuns } from './group-methods.ts';
import type { CostFigure, CostKind, CostLine } from './types.ts';

/**
 * What `td measure` wrote of the experiment of these runs; nothing if it did not, or its file is malformed.
 *
 * @param problems receives what is wrong with the file
 */
export function readMeasuresOf(
  runs: readonly Pick<FoundRun, 'directory' | 'identity'>[],
  problems = new Set<string>(),
): MeasureRow[] {
  const [run] = runs;
  if (run === undefined) return [];
  try {
    return readMeasures(join(run.directory, '../../..'), run.identity.experiment);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.add(error.message);
    return [];
  }
}

/** None of a kind of which there are no numbers. */
export function collectCosts(
  methods: readonly MethodRuns[],
  granularity: Granularity,
  measures: readonly MeasureRow[],
): CostFigure[] {
  const measureOf = (row: SweepRow) => findMeasure(measures, row.runId, granularity, row.pruneRate);
  const rows = methods.flatMap((method) => ownRows(method, granularity));
  // One figure has numbers of one kind: those of exported networks, if all are measured.
  const isMeasured = rows.length > 0 && rows.every((row) => measureOf(row) !== undefined);
  const denseOf = (row: SweepRow) => findMeasure(measures, row.runId, granularity, 0);
  const shareOf = (row: SweepRow): number =>
    isMeasured
      ? (measureOf(row)?.multiplyAdds ?? Number.NaN) / (denseOf(row)?.multiplyAdds ?? Number.NaN)
      : row.multiplyAddsKept / row.multiplyAddsTotal;
  const millisecondsOf = (row: SweepRow): number => measureOf(row)?.median1 ?? Number.NaN;
  const figure = (kind: CostKind, costOf: (row: SweepRow) => number): CostFigure[] => {
    const lines = methods.flatMap((method) => lineAlong(method, ownRows(method, granularity), costOf));
    return lines.length === 0 ? [] : [{ kind, isMeasured, lines }];
  };
  return [...figure('multiply-adds', shareOf), ...figure('latency', millisecondsOf)];
}

function ownRows({ rows }: MethodRuns, granularity: Granularity): SweepRow[] {
  return rows.filter((row) => row.granularity === granularity && isPlain(row));
}

/** By rising prune rate; rates at which some seed has no number are left out. */
function lineAlong(
  method: MethodRuns,
  rows: readonly SweepRow[],
  costOf: (row: SweepRow) => number,
): CostLine[] {
  const rates = [...new Set(rows.map(({ pruneRate }) => pruneRate))].toSorted((a, b) => a - b);
  const points = rates.flatMap((rate) => {
    const own = rows.filter(({ pruneRate }) => pruneRate === rate);
    const cost = summarizeSeeds(own.map(costOf))?.mean ?? Number.NaN;
    const accuracy = summarizeSeeds(own.map((row) => row.accuracy));
    return accuracy === undefined || !Number.isFinite(cost) ? [] : [{ rate, cost, accuracy }];
  });
  return points.length < 2 ? [] : [{ ...lineOf(method), points }];
}
