/** @file Curves over seeds: accuracy by prune rate, and accuracy and loss by epoch. */
import type { Granularity } from '../pruning/types.ts';
import { type MetricsRow, readMetrics } from '../runs/metrics.ts';
import { describeView, type EvaluationView, suffixOf } from '../sweeps/evaluations.ts';
import { describeTerms } from '../sweeps/rows.ts';
import { summarizeSeeds } from '../tables/cell.ts';
import { tabulateVariants } from '../tables/variant-table.ts';
import { lineOf, type MethodRuns } from './group-methods.ts';
import type { AccuracyFigure, AccuracyLine, TrainingLine } from './types.ts';

/** @returns nothing if no method has a line in it */
export function collectAccuracyFigure(
  methods: readonly MethodRuns[],
  granularity: Granularity,
  view: EvaluationView,
): AccuracyFigure[] {
  const lines = collectAccuracy(methods, granularity);
  return lines.length === 0 ? [] : [{ evaluation: describeView(view), suffix: suffixOf(view), lines }];
}

/**
 * Methods that are not swept at this granularity have no line.
 *
 * @param methods with rows of one evaluation
 */
function collectAccuracy(methods: readonly MethodRuns[], granularity: Granularity): AccuracyLine[] {
  return methods.flatMap((method) => {
    const { rates, cells } = tabulateVariants(method.rows, granularity);
    const points = rates.flatMap((rate, index) => {
      const accuracy = cells[index]?.[0];
      return accuracy === undefined ? [] : [{ rate, accuracy }];
    });
    if (points.length === 0) return [];
    const own = method.rows.filter((row) => row.granularity === granularity);
    return [{ ...lineOf(method), terms: [...new Set(own.map(describeTerms))].join(' or '), points }];
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
      const validationAccuracy = summarizeColumn(own, 'validationAccuracy');
      return {
        epoch,
        testAccuracy: summarizeColumn(own, 'testAccuracy'),
        ...(validationAccuracy !== undefined && { validationAccuracy }),
        trainLoss: summarizeColumn(own, 'trainLoss'),
      };
    });
    return points.length === 0 ? [] : [{ ...lineOf(method), points }];
  });
}

/** A loss that overflowed has no place on an axis. */
function summarizeColumn(
  rows: readonly MetricsRow[],
  column: 'testAccuracy' | 'validationAccuracy' | 'trainLoss',
) {
  return summarizeSeeds(rows.flatMap((row) => row[column] ?? []).filter(Number.isFinite));
}
