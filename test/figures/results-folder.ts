/** @file A results folder as trainings and a sweep would leave it: three methods, two seeds, known numbers. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expandRuns, type RunSpec } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { renderSettings } from '../../src/config/render.ts';
import { writeCheckpoint } from '../../src/runs/checkpoint.ts';
import { runDirectory } from '../../src/runs/directory.ts';
import { appendMetrics } from '../../src/runs/metrics.ts';
import { writeSummary } from '../../src/runs/summary.ts';
import { checkpointId, DENSE, type SweepRow, sweepPath, UNCOUNTED } from '../../src/sweeps/rows.ts';
import { ENVIRONMENT, soundSummaryOf } from '../runs/runs.ts';
import { openNewRun, writeNewSweep } from '../support/new-folders.ts';

export const EXPERIMENT = 'few';

/** Weights of 784 × 4 and 4 × 3, both prunable. */
const CONFIG = `
name: few
model: { name: mlp, widths: [4, 3] }
schedule: { epochs: 2 }
seeds: [0, 1]
variants:
  none: {}
  targeted-weight: { regularizer: { name: targeted, granularity: weight, dropRate: 0.66, targetRate: 0.5 } }
  targeted-unit: { regularizer: { name: targeted, granularity: unit, dropRate: 0.66, targetRate: 0.5 } }
`;

const RATES = [0, 0.5, 0.9];

/** Test accuracy of each variant at each rate, seeds 0 and 1. */
export const ACCURACIES: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  none: [
    [0.98, 0.96],
    [0.9, 0.8],
    [0.2, 0.1],
  ],
  'targeted-weight': [
    [0.97, 0.97],
    [0.97, 0.96],
    [0.5, 0.4],
  ],
  'targeted-unit': [
    [0.96, 0.98],
    [0.95, 0.95],
    [0.3, 0.3],
  ],
};

/** Writes the folder `few` below a folder of results. @returns the runs, finished all of them */
export function writeResults(results: string): RunSpec[] {
  mkdirSync(results, { recursive: true });
  const path = join(results, 'few.yaml');
  writeFileSync(path, CONFIG);
  const runs = expandRuns(loadExperiment(path));
  const rows = runs.flatMap((run) => finishRun(results, run));
  writeNewSweep(sweepPath(results, EXPERIMENT), rows);
  return runs;
}

/** A run with its settings and two epochs behind it, and no summary. */
export function beginRun(results: string, run: RunSpec): string {
  const directory = openNewRun(results, run, renderSettings(run), ENVIRONMENT);
  for (const epoch of [1, 2]) {
    appendMetrics(directory, {
      epoch,
      step: 100 * epoch,
      learningRate: 0.1,
      trainLoss: 1 / epoch + run.seed,
      trainAccuracy: 0.5,
      testLoss: 0.5,
      testAccuracy: 0.8 + 0.05 * epoch - 0.02 * run.seed,
    });
  }
  return directory;
}

/** @returns its rows of a sweep */
function finishRun(results: string, run: RunSpec): SweepRow[] {
  const directory = beginRun(results, run);
  const specs = Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => [name, { shape, dtype: 'float32' as const }]),
  );
  const arrays = Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => [name, weightsOf(name, shape, run.seed)]),
  );
  const sha256 = writeCheckpoint(directory, {
    epoch: 2,
    step: 200,
    trainSeconds: 3,
    totals: {},
    arrays,
    specs,
  });
  writeSummary(directory, soundSummaryOf(directory, run, sha256));
  return (['weight', 'unit'] as const).flatMap((granularity) =>
    RATES.map((pruneRate, index) => ({
      experiment: EXPERIMENT,
      variant: run.variant,
      seed: run.seed,
      granularity,
      pruneRate,
      sparsity: pruneRate,
      parametersTotal: 3199,
      parametersKept: 3199,
      ...DENSE,
      ...UNCOUNTED,
      accuracy: ACCURACIES[run.variant]?.[index]?.[run.seed] ?? 0,
      loss: 0.1,
      testImages: 10_000,
      runId: checkpointId(run.id, sha256),
    })),
  );
}

const SHAPES: Readonly<Record<string, readonly number[]>> = {
  'dense1/kernel': [784, 4],
  'dense1/bias': [4],
  'dense2/kernel': [4, 3],
  'dense2/bias': [3],
  'logits/kernel': [3, 10],
  'logits/bias': [10],
};

/** Of each array: all different, of both signs. */
export function weightsOf(name: string, shape: readonly number[], seed: number): Float32Array {
  const count = shape.reduce((product, extent) => product * extent, 1);
  return Float32Array.from(
    { length: count },
    (_, index) => Math.sin(1 + index * (2.3 + name.length / 7) + seed) * (1 + (index % 4)),
  );
}

export function directoryOf(results: string, run: RunSpec): string {
  return runDirectory(results, run);
}
