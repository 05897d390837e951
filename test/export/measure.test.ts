/** @file Latencies, and the table that they go to. */
import { describe, expect, it } from 'vitest';
import { quartilesOf, timeInTurns } from '../../src/export/latency.ts';
import { addMeasures, findMeasure, type MeasureRow, readMeasures } from '../../src/export/measure-rows.ts';
import type { ExportedSession } from '../../src/export/session.ts';
import { finishSoundRun, specOf } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const ROW: MeasureRow = {
  ...{ variant: 'none', seed: 0, granularity: 'unit', pruneRate: 0.5 },
  ...{ parameters: 100, nonzero: 90, multiplyAdds: 1000 },
  ...{ bytes: 400, gzipBytes: 300, sparseBytes: 350 },
  ...{ low1: 1, median1: 2, high1: 3, low128: 10, median128: 20, high128: 30 },
  ...{ denseLow1: 2, denseMedian1: 4, denseHigh1: 6, denseLow128: 20, denseMedian128: 40, denseHigh128: 60 },
  ...{ rounds: 5, threads: 2, processor: 'a, b', runId: 'none/seed-0-1a2b3c4d@5e6f7a8b' },
};

describe('networks that are timed', () => {
  it('take turns, each of them first once, and the first rounds are not counted', async () => {
    const order: number[] = [];
    const sessions = [0, 1, 2].map(
      (number) => ({ run: async () => void order.push(number) }) as unknown as ExportedSession,
    );
    let rounds = 0;
    const times = await timeInTurns(sessions, [1, 2, 2], 4, 3, undefined, () => {
      rounds++;
    });
    expect(times).toHaveLength(3);
    // Three rounds of warm-up and three that count.
    expect(order).toEqual([0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 1, 2, 1, 2, 0, 2, 0, 1]);
    expect(rounds).toBe(6);
  });

  it('have quartiles whose halves share the middle of an odd number', () => {
    expect(quartilesOf([5, 1, 4, 2, 3])).toEqual({ low: 2, median: 3, high: 4 });
    expect(quartilesOf([4, 3, 2, 1])).toEqual({ low: 1.5, median: 2.5, high: 3.5 });
    expect(quartilesOf([7])).toEqual({ low: 7, median: 7, high: 7 });
  });
});

describe('measure.csv', () => {
  it('keeps rows, lays those of the same network over them, and finds them by checkpoint', async () => {
    const results = temporaryFolder();
    finishSoundRun(results, specOf({ experiment: 'few', variant: 'none' }));
    const other = { ...ROW, pruneRate: 0 };
    await addMeasures(results, 'few', [ROW, other]);
    const anew = { ...ROW, median1: 1.5, runId: 'none/seed-0-1a2b3c4d@ffffffff' };
    await addMeasures(results, 'few', [anew]);
    const rows = readMeasures(results, 'few');
    expect(rows).toEqual([other, anew]);
    expect(findMeasure(rows, anew.runId, 'unit', 0.5)).toEqual(anew);
    expect(findMeasure(rows, ROW.runId, 'unit', 0.5)).toBeUndefined();
  });
});
