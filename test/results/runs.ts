/** @file A run as training would leave it. */
import type { RunIdentity } from '../../src/results/run-directory.ts';
import type { Summary } from '../../src/results/summary.ts';

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
