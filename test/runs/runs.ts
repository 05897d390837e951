/** @file Runs as training would leave them. */

import { expandRuns, type RunSpec } from '../../src/config/experiment.ts';
import { printSettings } from '../../src/config/print.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { writeCheckpoint } from '../../src/runs/checkpoint.ts';
import type { RunIdentity } from '../../src/runs/directory.ts';
import { appendMetrics, type MetricsRow, readMetrics } from '../../src/runs/metrics.ts';
import { type Summary, writeSummary } from '../../src/runs/summary.ts';
import { openNewRun } from '../support/new-folders.ts';

export const RUN: RunIdentity = {
  experiment: 'mnist-lenet',
  variant: 'targeted-weight',
  seed: 0,
  hash: '1a2b3c4d5e6f',
};

export const ENVIRONMENT = {
  engine: 'onnx',
  device: 'CPU, 2 threads',
  versions: { node: '20.20.2' },
  platform: 'linux x64',
  cpu: 'unknown',
  cores: 2,
  memoryGigabytes: 8,
};

export function summaryOf(run: RunIdentity, sha256: string): Summary {
  return {
    ...run,
    id: `${run.variant}/seed-${run.seed}-${run.hash.slice(0, 8)}`,
    engine: 'onnx',
    device: 'CPU, 2 threads',
    epochs: 2,
    steps: 938,
    testAccuracy: 0.9871,
    testLoss: 0.0412,
    trainSeconds: 12.5,
    imagesPerSecond: 9600,
    parameters: 431_080,
    finishedAt: '2025-01-31T12:00:00.000Z',
    checkpointSha256: sha256,
  };
}

/** A run of two epochs of LeNet-300-100 on MNIST, all else at its defaults. */
export function specOf(names: Partial<Pick<RunIdentity, 'experiment' | 'variant' | 'seed'>> = {}): RunSpec {
  const { experiment, variant, seed } = { ...RUN, ...names };
  const settings = runSettingsSchema.parse({ schedule: { epochs: 2 } });
  const variants = [{ name: variant, settings }];
  const sweep = { prune: '0', granularity: 'both' } as const;
  const [spec] = expandRuns({ name: experiment, path: '', seeds: [seed], sweep, variants });
  if (spec === undefined) throw new Error('an experiment has a run');
  return spec;
}

/** A row of metrics: 468 steps an epoch, in batches of 128. */
export function rowOf(epoch: number): MetricsRow {
  return {
    epoch,
    step: 468 * epoch,
    learningRate: 0.1,
    trainLoss: 0.25 / epoch,
    trainAccuracy: 0.5,
    testLoss: 0.125,
    testAccuracy: 0.9 + 0.01 * epoch,
  };
}

/** Writes a run with some of its epochs behind it, and no summary. @returns its folder and the digest of its checkpoint */
export function beginSoundRun(
  results: string,
  spec: RunSpec,
  epochs = 1,
): { directory: string; sha256: string } {
  const directory = openNewRun(results, spec, printSettings(spec), ENVIRONMENT);
  for (let epoch = 1; epoch <= epochs; epoch++) appendMetrics(directory, rowOf(epoch));
  const { experiment, variant, seed, hash } = spec;
  const sha256 = writeCheckpoint(directory, {
    run: { experiment, variant, seed, hash },
    epoch: epochs,
    step: 468 * epochs,
    trainSeconds: 1,
    totals: {},
    arrays: { weight: Float32Array.of(1, 2, 3, seed) },
    specs: { weight: { shape: [4], dtype: 'float32' } },
  });
  return { directory, sha256 };
}

/** Writes a run that is done, all of whose files fit one another. @returns its folder */
export function finishSoundRun(results: string, spec: RunSpec): string {
  const { directory, sha256 } = beginSoundRun(results, spec, spec.settings.schedule.epochs);
  writeSummary(directory, soundSummaryOf(directory, spec, sha256));
  return directory;
}

/** The summary that fits the last row of a run's metrics. */
export function soundSummaryOf(directory: string, spec: RunSpec, sha256: string): Summary {
  const last = readMetrics(directory).at(-1);
  if (last === undefined) throw new Error('a run that is done has an epoch');
  const { epoch, step, testAccuracy, testLoss } = last;
  const { experiment, variant, seed, hash } = spec;
  const run = { experiment, variant, seed, hash };
  return { ...summaryOf(run, sha256), epochs: epoch, steps: step, testAccuracy, testLoss };
}
