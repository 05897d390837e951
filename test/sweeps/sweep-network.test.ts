/** @file Checks that a sweep evaluates what it should, each time from the trained weights. */

import { describe, expect, it, vi } from 'vitest';
import type { NamedArrays } from '../../src/arrays.ts';
import { parseCriterion } from '../../src/pruning/criteria/criterion.ts';
import { DENSE, type SweepRow, UNCOUNTED } from '../../src/sweeps/rows.ts';
import {
  findAllRows,
  type PruningGrid,
  sweepNetwork,
  type TrainedNetwork,
} from '../../src/sweeps/sweep-network.ts';
import { model, trainedState } from './network.ts';

/** Accuracy is the share of nonzero entries of one kernel, so that a forgotten restoration shows. */
async function evaluate(parameters: NamedArrays) {
  const kernel = parameters['dense1/kernel'] as Float32Array;
  return { accuracy: kernel.filter((entry) => entry !== 0).length / 8, loss: 0.5, count: 100 };
}

const NAMES = { experiment: 'mnist', variant: 'none', seed: 0, runId: 'none/seed-0-1a2b3c4d@5e6f7a8b' };
const GRID: PruningGrid = { pruneRates: [0.5, 0], granularities: ['weight', 'unit'] };

function networkWith(parts: Partial<TrainedNetwork> = {}): TrainedNetwork {
  return { names: NAMES, model, regularizer: { name: 'none' }, state: trainedState(), evaluate, ...parts };
}

async function collect(network: TrainedNetwork, grid: PruningGrid, known: readonly SweepRow[] = []) {
  const swept = [];
  for await (const one of sweepNetwork(network, grid, known)) swept.push(one);
  return swept;
}

describe('sweepNetwork', () => {
  it('evaluates each granularity and rate from the trained weights, whatever came before', async () => {
    const state = trainedState();
    const swept = await collect(networkWith({ state }), GRID);
    expect(swept.map(({ row }) => [row.granularity, row.pruneRate, row.accuracy])).toEqual([
      ['weight', 0.5, 0.5],
      ['weight', 0, 1],
      ['unit', 0.5, 0.5],
      ['unit', 0, 1],
    ]);
    expect(state).toEqual(trainedState());
  });

  it('refuses to leave rates with another number of draws, or of images, beside those that it computes', async () => {
    const drawn = (draws: number) => ({ evaluation: 'stochastic', draws, recalibrated: 0 }) as const;
    const averaged = (recalibrated: number) => ({ ...DENSE, recalibrated });
    for (const [before, after, said] of [
      [
        drawn(2),
        drawn(3),
        'stochastic with 2 draws at rates that this one would leave beside stochastic with 3 draws',
      ],
      [
        averaged(300),
        averaged(10),
        'dense, recalibrated on 300 images at rates that this one would leave beside dense, recalibrated on 10 images',
      ],
    ] as const) {
      const earlier = (await collect(networkWith(), { ...GRID, evaluations: [before] })).map(
        ({ row }) => row,
      );
      const again = (pruneRates: readonly number[], terms = after) =>
        collect(networkWith(), { ...GRID, pruneRates, evaluations: [terms] }, earlier);
      await expect(again([0, 0.3])).rejects.toThrow(
        `an earlier sweep has ${said}, expected the same number as then, or all rates: --prune 0,0.3,0.5`,
      );
      expect(await again([0, 0.3, 0.5])).toHaveLength(6);
      expect(await again([0.3], before as never)).toHaveLength(2);
      // Other evaluations stand in tables of their own.
      expect(await again([0.3], DENSE as never)).toHaveLength(2);
    }
  });

  it('reports what was asked and what was got', async () => {
    const swept = await collect(networkWith(), { pruneRates: [0.3], granularities: ['weight'] });
    // floor(0.3 · 2) = 0 entries of each filter, floor(0.3 · 4) = 1 entry of each dense column.
    const row = {
      ...NAMES,
      granularity: 'weight',
      pruneRate: 0.3,
      sparsity: 2 / 12,
      parametersTotal: 24,
      parametersKept: 22,
      ...DENSE,
      accuracy: 0.75,
      loss: 0.5,
      testImages: 100,
      // The 1×1 filters are applied at 9 positions, the dense kernel at one.
      multiplyAddsTotal: 4 * 9 + 8,
      multiplyAddsKept: 4 * 9 + 6,
    };
    expect(swept).toEqual([{ row, isKnown: false }]);
  });

  it('is not needed where all rows are known, in its order', async () => {
    const rows = (await collect(networkWith(), GRID)).map(({ row }) => row);
    const found = findAllRows(NAMES.runId, GRID, rows.toReversed());
    expect(found).toEqual(rows);
    expect(findAllRows(NAMES.runId, GRID, rows.slice(1))).toBeUndefined();
    expect(findAllRows(NAMES.runId.replace('@5', '@6'), GRID, rows)).toBeUndefined();
  });

  it('does not compute known rows again, and yields every row in order', async () => {
    const known = { ...NAMES, ...DENSE, granularity: 'weight', pruneRate: 0.5, accuracy: 0.42 } as SweepRow;
    const other = { ...known, runId: 'none/seed-0-1a2b3c4d@ffffffff', pruneRate: 0 };
    const evaluated = vi.fn(evaluate);
    const grid: PruningGrid = { ...GRID, granularities: ['weight'] };
    const swept = await collect(networkWith({ evaluate: evaluated }), grid, [known, other]);
    expect(swept[0]?.row).toBe(known);
    expect(evaluated).toHaveBeenCalledTimes(1);
    expect(swept.map(({ row, isKnown }) => [row.pruneRate, isKnown])).toEqual([
      [0.5, true],
      [0, false],
    ]);
  });

  it('counts the multiply-adds of a known row that lacks them, and evaluates nothing for it', async () => {
    const known = {
      ...NAMES,
      ...DENSE,
      ...UNCOUNTED,
      granularity: 'weight',
      pruneRate: 0.5,
      accuracy: 0.42,
    } as SweepRow;
    const evaluated = vi.fn(evaluate);
    const grid: PruningGrid = { pruneRates: [0.5], granularities: ['weight'] };
    const swept = await collect(networkWith({ evaluate: evaluated }), grid, [known]);
    expect(evaluated).not.toHaveBeenCalled();
    // Half of the entries of each column: 2 of 4 filters' entries at 9 positions, and 4 of 8.
    const counted = { ...known, multiplyAddsTotal: 44, multiplyAddsKept: 22 };
    expect(swept).toEqual([{ row: counted, isKnown: true }]);
  });

  it('ranks by a criterion where one is asked for, which looks at the loss once', async () => {
    // Of conv2, gradients make the first entry matter most; of dense1 none matters.
    const sensitivityOf = (entries: number[]) => ({
      gradient: Float32Array.from(entries),
      squaredEntries: Float32Array.from(entries),
      squaredColumns: new Float32Array(2),
    });
    const sensitivity = vi.fn(async () => {
      const conv2 = sensitivityOf([9, 1, 1, 1]);
      const dense1 = sensitivityOf([0, 0, 0, 0, 0, 0, 0, 0]);
      return new Map([
        ['conv2/kernel', conv2],
        ['dense1/kernel', dense1],
      ]);
    });
    const criterion = parseCriterion({ name: 'taylor' });
    if (criterion === undefined) throw new Error('there is no such criterion');
    const evaluated = vi.fn(evaluate);
    const grid: PruningGrid = { pruneRates: [0.5, 0.75], granularities: ['weight'], criterion };
    const swept = await collect(networkWith({ sensitivity, evaluate: evaluated }), grid);
    // Of 12 entries 6 and 9 go: all of dense1 but two, then all of it and the first of the equal ones of conv2.
    expect(swept.map(({ row }) => row.accuracy)).toEqual([2 / 8, 0]);
    expect(evaluated.mock.calls[1]?.[0]['conv2/kernel']).toEqual(Float32Array.of(1, 0, 2, 3));
    expect(sensitivity).toHaveBeenCalledExactlyOnceWith('gradients');
  });
});
