/** @file Checks medians, ratios, the table and the CSV of the benchmark against numbers worked out by hand. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBetween } from '../../../scripts/peers/load.ts';
import type { Side } from '../../../scripts/peers/peer.ts';
import { COLUMNS, compareSides, formatRows, writeRows } from '../../../scripts/peers/report.ts';
import type { Measurement } from '../../../scripts/peers/timing.ts';
import { type Comparand, WORKLOADS } from '../../../scripts/peers/workloads.ts';
import { readCsv } from '../../../src/results/csv.ts';
import { temporaryFolder } from '../../results/temporary.ts';

const lenet: Comparand = {
  workload: WORKLOADS.find(({ name }) => name === 'lenet') as Comparand['workload'],
  variant: 'none',
  what: 'step',
};
const OPTIONS = { threads: 2, rounds: 3 };

const measured = (side: Side, milliseconds: number[], peakMemory?: number): Measurement => ({
  side,
  milliseconds,
  peakMemory,
});

const sides = [
  measured('td', [12, 9, 30], 300),
  measured('default', [16, 15, 14], 250),
  // Faster once, but not by its median.
  measured('channels_last', [1, 20, 21], 200),
];
const measurements = { sides, otherLoad: 0.25 };

describe('the rows of the peer benchmark', () => {
  it('set the median of td against that of the faster layout', () => {
    expect(compareSides(lenet, measurements, OPTIONS)).toEqual({
      workload: 'lenet',
      variant: 'none',
      what: 'step',
      batchSize: 128,
      threads: 2,
      rounds: 3,
      runsPerRound: 20,
      tdMedian: 12,
      tdFastest: 9,
      pytorchMedian: 15,
      pytorchFastest: 14,
      pytorchLayout: 'default',
      ratio: 12 / 15,
      tdPeakMemory: 300,
      pytorchPeakMemory: 250,
      memoryRatio: 1.2,
      otherLoad: 0.25,
    });
  });

  it('cannot be made of one side', () => {
    expect(() => compareSides(lenet, { ...measurements, sides: sides.slice(0, 1) }, OPTIONS)).toThrow(
      'got td',
    );
    expect(() => compareSides(lenet, { ...measurements, sides: sides.slice(1) }, OPTIONS)).toThrow(
      'got default,channels_last',
    );
  });

  it('print as a table in which unknown memory is a dash', () => {
    const others = [measured('td', [812.4]), measured('channels_last', [541.6], 250)];
    const rows = [measurements, { sides: others, otherLoad: 0 }].map((each) =>
      compareSides(lenet, each, OPTIONS),
    );
    expect(formatRows(rows)).toMatchInlineSnapshot(`
      "workload  variant  what  td       PyTorch  layout         ratio  td memory  PyTorch memory  memory ratio
      lenet     none     step  12.0 ms  15.0 ms  default        0.80   300 MB     250 MB          1.20
      lenet     none     step  812 ms   542 ms   channels_last  1.50   –          250 MB          –"
    `);
  });

  it('come back from CSV without a lost digit', () => {
    const path = join(temporaryFolder(), 'bench', 'peers.csv');
    const others = [measured('td', [1 / 3]), measured('default', [1 / 7], 250)];
    const rows = [measurements, { sides: others, otherLoad: 0 }].map((each) =>
      compareSides(lenet, each, OPTIONS),
    );
    writeRows(path, rows);
    expect(readCsv(path, COLUMNS)).toEqual(rows);
  });
});

describe('the load by other programs', () => {
  it('is the share of the time that was not idle', () => {
    const before = { user: 10, nice: 20, sys: 30, idle: 40, irq: 0 };
    const after = { user: 11, nice: 21, sys: 31, idle: 46, irq: 1 };
    expect(loadBetween(before, after)).toBeCloseTo(0.4, 12);
    expect(loadBetween(before, before)).toBe(0);
  });
});
