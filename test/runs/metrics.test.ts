/** @file Checks metrics.csv: its exact bytes, and that cutting it back and going on gives the same bytes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendMetrics, type MetricsRow, readMetrics, truncateMetrics } from '../../src/runs/metrics.ts';
import { temporaryFolder } from './temporary.ts';

function rowOf(epoch: number): MetricsRow {
  return {
    epoch,
    step: epoch * 469,
    learningRate: 0.1,
    trainLoss: 0.25 / epoch,
    trainAccuracy: 0.9,
    testLoss: 0.125,
    testAccuracy: 0.9871,
  };
}

function bytesOf(directory: string): string {
  return readFileSync(join(directory, 'metrics.csv'), 'utf8');
}

describe('metrics', () => {
  it('are a row per epoch without times', () => {
    const directory = temporaryFolder();
    expect(readMetrics(directory)).toEqual([]);
    appendMetrics(directory, rowOf(1));
    appendMetrics(directory, rowOf(2));
    expect(bytesOf(directory)).toBe(
      'epoch,step,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy\n' +
        '1,469,0.1,0.25,0.9,0.125,0.9871\n' +
        '2,938,0.1,0.125,0.9,0.125,0.9871\n',
    );
    expect(readMetrics(directory)).toEqual([rowOf(1), rowOf(2)]);
  });

  it('have the same bytes after a cut-off run was taken back to its checkpoint and went on', () => {
    const whole = temporaryFolder();
    const resumed = temporaryFolder();
    for (const epoch of [1, 2, 3]) appendMetrics(whole, rowOf(epoch));
    for (const epoch of [1, 2]) appendMetrics(resumed, rowOf(epoch));
    truncateMetrics(resumed, 1);
    expect(readMetrics(resumed)).toEqual([rowOf(1)]);
    for (const epoch of [2, 3]) appendMetrics(resumed, rowOf(epoch));
    expect(bytesOf(resumed)).toBe(bytesOf(whole));
  });

  it('may be cut back before there are any', () => {
    const directory = temporaryFolder();
    truncateMetrics(directory, 0);
    expect(readMetrics(directory)).toEqual([]);
  });
});
