/** @file Curves over seeds: accuracy by prune rate, and accuracy and loss by epoch. */
import type { Granularity } from '../pruning/types.ts';
import { type MetricsRow, readMetrics } from '../runs/metrics.ts';
import { summarizeSeeds } from '../tables/cell.ts';
import { tabulateVariants } from '../tables/variant-table.ts';
import { lineOf, type MethodRuns } from './group-methods.ts';
import type { AccuracyLine, TrainingLine } from './types.ts';

/** Methods that are not swept at this granularity have no line. */
export function collectAccuracy(methods: readonly MethodRuns[], granularity: Granularity): AccuracyLine[] {
  return methods.flatMap((method) => {
    const { rates, cells } = tabulateVariants(method.rows, granularity);
    const points = rates.flatMap((rate, index) => {
      const accuracy = cells[index]?.[0];
      return accuracy === undefined ? [] : [{ rate, accuracy }];
    });
    return points.length === 0 ? [] : [{ ...lineOf(method), points }];
  });
}

/**
 * Methods without an epoch behind them have no line.
 *
 * @throws UserError naming file and line if a metrics.csv is malformed
 */
export function collectTraining(methods: readonly MethodRuns[]): TrainingLine[] {
  return methods.flatMap((method) => {
    const rows = method.runs.flatMap(({ directory }) => readMetrics(directory));
    const epochs = [...new Set(rows.map(({ epoch }) => epoch))].toSorted((a, b) => a - b);
    const points = epochs.map((epoch) => {
      const own = rows.filter((row) => row.epoch === epoch);
      return {
        epoch,
        testAccuracy: summarizeColumn(own, 'testAccuracy'),
        trainLoss: summarizeColumn(own, 'trainLoss'),
      };
    });
    return points.length === 0 ? [] : [{ ...lineOf(method), points }];
  });
}

/** A loss that overflowed has no place on an axis. */
function summarizeColumn(rows: readonly MetricsRow[], column: 'testAccuracy' | 'trainLoss') {
  return summarizeSeeds(rows.map((row) => row[column]).filter(Number.isFinite));
}
