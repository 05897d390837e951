/** @file Checks medians, ratios, the table and the CSV of the benchmark against numbers worked out by hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBetween } from '../../../scripts/peers/load.ts';
import {
  compareSides,
  formatRows,
  type RowSettings,
  readRows,
  writeRows,
} from '../../../scripts/peers/report.ts';
import type { Side } from '../../../scripts/peers/sides.ts';
import type { Measurement } from '../../../scripts/peers/timing.ts';
import { type Comparand, WORKLOADS } from '../../../scripts/peers/workloads.ts';
import { temporaryFolder } from '../../runs/temporary.ts';

const lenet: Comparand = {
  workload: WORKLOADS.find(({ name }) => name === 'lenet') as Comparand['workload'],
  variant: 'none',
  what: 'step',
};
const OPTIONS: RowSettings = {
  images: 'own',
  threads: 2,
  rounds: 3,
  measuredWith: 'td 1, onnxruntime 2 on a processor',
};

const measured = (side: Side, milliseconds: number[], memory?: Measurement['memory']): Measurement => ({
  side,
  milliseconds,
  memory,
});

const onnx = measured('onnx', [12, 9, 30], { peak: 300, private: 120 });
const tensorflow = measured('tensorflow', [6, 8, 5], { peak: 450, private: 150 });
const sides = [
  onnx,
  tensorflow,
  measured('pytorch-default', [16, 15, 14], { peak: 250, private: 100 }),
  // Faster once, but not by its median.
  measured('pytorch-channels_last', [1, 20, 21], { peak: 200, private: 80 }),
];
const rounded = [
  measured('pytorch-default-bfloat16', [10], { peak: 250, private: 100 }),
  measured('pytorch-channels_last-bfloat16', [8], { peak: 200, private: 80 }),
];
const measurements = { sides, otherLoad: 0.02, tries: 2 };
const evaluation: Comparand = { ...lenet, variant: 'any', what: 'evaluation' };

describe('the rows of the peer benchmark', () => {
  it('set each side against the faster layout of PyTorch and against onnx', () => {
    const rows = compareSides(lenet, measurements, OPTIONS);
    expect(rows[1]).toEqual({
      workload: 'lenet',
      variant: 'none',
      what: 'step',
      side: 'tensorflow',
      precision: 'float32',
      images: 'mnist',
      batchSize: 128,
      threads: 2,
      rounds: 3,
      runsPerRound: 20,
      median: 6,
      fastest: 5,
      ratioToPytorch: 6 / 15,
      ratioToOnnx: 0.5,
      bestOfTd: 'tensorflow',
      bestRatioToPytorch: 6 / 15,
      peakMemory: 450,
      peakMemoryToPytorch: 1.8,
      peakMemoryToOnnx: 1.5,
      privateMemory: 150,
      privateMemoryToPytorch: 1.5,
      privateMemoryToOnnx: 1.25,
      otherLoad: 0.02,
      tries: 2,
      measuredWith: OPTIONS.measuredWith,
    });
    expect(rows.map(({ side, ratioToPytorch }) => [side, ratioToPytorch])).toEqual([
      ['onnx', 12 / 15],
      ['tensorflow', 6 / 15],
      ['pytorch-default', 1],
      ['pytorch-channels_last', 20 / 15],
    ]);
  });

  it('have no ratio to what took no part', () => {
    const withoutPytorch = compareSides(lenet, { ...measurements, sides: [onnx, tensorflow] }, OPTIONS);
    expect(withoutPytorch.map(({ ratioToPytorch }) => ratioToPytorch)).toEqual([Number.NaN, Number.NaN]);
    expect(withoutPytorch.map(({ ratioToOnnx }) => ratioToOnnx)).toEqual([1, 0.5]);
    const withoutOnnx = compareSides(lenet, { ...measurements, sides: sides.slice(1) }, OPTIONS);
    expect(withoutOnnx.map(({ ratioToOnnx }) => ratioToOnnx)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(withoutOnnx[0]?.ratioToPytorch).toBe(6 / 15);
  });

  it('have ratios to PyTorch in their own precision, and to onnx in float32', () => {
    const rows = compareSides(lenet, { ...measurements, sides: [...sides, ...rounded] }, OPTIONS);
    const inBfloat16 = rows.filter(({ precision }) => precision === 'bfloat16');
    expect(inBfloat16.map(({ ratioToPytorch, ratioToOnnx }) => [ratioToPytorch, ratioToOnnx])).toEqual([
      [1.25, 10 / 12],
      [1, 8 / 12],
    ]);
    // None of td computes in it.
    expect(inBfloat16.map(({ bestOfTd, bestRatioToPytorch }) => [bestOfTd, bestRatioToPytorch])).toEqual([
      ['', Number.NaN],
      ['', Number.NaN],
    ]);
    expect(rows.slice(0, 4)).toEqual(compareSides(lenet, measurements, OPTIONS));
  });

  it('have no ratios, and no best, where they were disturbed', () => {
    const disturbed = compareSides(lenet, { ...measurements, otherLoad: 0.06, tries: 4 }, OPTIONS);
    expect(disturbed.map(({ median }) => median)).toEqual([12, 6, 15, 20]);
    const ratios = disturbed.flatMap((row) => [
      row.ratioToPytorch,
      row.ratioToOnnx,
      row.bestRatioToPytorch,
      row.peakMemoryToPytorch,
      row.privateMemoryToOnnx,
    ]);
    expect(new Set(ratios)).toEqual(new Set([Number.NaN]));
    expect(new Set(disturbed.map(({ bestOfTd }) => bestOfTd))).toEqual(new Set(['']));
  });

  it('print as a table in which what is unknown is a dash, and disturbance is said', () => {
    const others = [measured('onnx', [812.4]), measured('tensorflow', [541.6], { peak: 1250, private: 80 })];
    const rows = [
      ...compareSides(lenet, { ...measurements, sides: [...sides, ...rounded] }, OPTIONS),
      ...compareSides(evaluation, { sides: others, otherLoad: 0.41, tries: 4 }, OPTIONS),
    ];
    expect(formatRows(rows)).toMatchInlineSnapshot(`
      "side                     median   fastest  ÷ PyTorch  ÷ onnx  peak     ÷ PyTorch  ÷ onnx  private  ÷ PyTorch  ÷ onnx

      lenet, none, step on mnist (best of td ÷ PyTorch: 0.40, tensorflow)
      onnx                     12.0 ms  9.00 ms  0.80       1.00    300 MB   1.20       1.00    120 MB   1.20       1.00
      tensorflow               6.00 ms  5.00 ms  0.40       0.50    450 MB   1.80       1.50    150 MB   1.50       1.25
      PyTorch (default)        15.0 ms  14.0 ms  1.00       1.25    250 MB   1.00       0.83    100 MB   1.00       0.83
      PyTorch (channels_last)  20.0 ms  1.00 ms  1.33       1.67    200 MB   0.80       0.67    80 MB    0.80       0.67

      lenet, none, step on mnist in bfloat16
      PyTorch (default)        10.0 ms  10.0 ms  1.25       0.83    250 MB   1.25       0.83    100 MB   1.25       0.83
      PyTorch (channels_last)  8.00 ms  8.00 ms  1.00       0.67    200 MB   1.00       0.67    80 MB    1.00       0.67

      lenet, evaluation on mnist (disturbed, no ratios: other programs took 41 % of the cores in the quietest of 4 tries)
      onnx                     812 ms   812 ms   –          –       –        –          –       –        –          –
      tensorflow               542 ms   542 ms   –          –       1250 MB  –          –       80 MB    –          –"
    `);
  });

  it('fit into 120 columns', () => {
    const memory = { peak: 12345, private: 12345 };
    const large = sides.map(({ side, milliseconds }) =>
      measured(
        side,
        milliseconds.map((time) => 200 * time),
        memory,
      ),
    );
    const rows = compareSides(lenet, { sides: large, otherLoad: 1, tries: 4 }, OPTIONS);
    const widths = formatRows(rows)
      .split('\n')
      .map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(120);
  });

  it('come back from CSV without a lost digit', () => {
    const path = join(temporaryFolder(), 'bench', 'peers.csv');
    const others = [
      measured('onnx', [1 / 3]),
      measured('tensorflow', [1 / 7], { peak: 250, private: 1 / 9 }),
    ];
    const rows = [
      ...compareSides(lenet, measurements, OPTIONS),
      ...compareSides(evaluation, { sides: others, otherLoad: 0, tries: 1 }, OPTIONS),
    ];
    expect(readRows(path)).toEqual([]);
    writeRows(path, rows);
    expect(readRows(path)).toEqual(rows);
    // Empty where there is no figure.
    expect(readFileSync(path, 'utf8').trim().split('\n').at(-2)).toBe(
      'lenet,any,evaluation,onnx,float32,mnist,128,2,3,20,0.3333333333333333,0.3333333333333333,,1,tensorflow,,,,,,,,0,1,"td 1, onnxruntime 2 on a processor"',
    );
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
