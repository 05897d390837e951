/** @file Checks that a sweep evaluates what it should, each time from the trained weights. */
import { describe, expect, it, vi } from 'vitest';
import type { NamedArrays } from '../../src/engines/types.ts';
import { type PruneResult, sweepRun } from '../../src/sweeps/evaluate.ts';
import { model, trainedState } from './network.ts';

/** Accuracy is the share of nonzero entries of one kernel, so that a forgotten restoration shows. */
async function evaluate(parameters: NamedArrays) {
  const kernel = parameters['dense1/kernel'] as Float32Array;
  return { accuracy: kernel.filter((entry) => entry !== 0).length / 8, loss: 0.5, count: 100 };
}

const options = {
  model,
  regularizer: { name: 'none' },
  rates: [0.5, 0],
  granularities: ['weight', 'unit'],
  evaluate,
} as const;

describe('sweepRun', () => {
  it('evaluates each granularity and rate from the trained weights, whatever came before', async () => {
    const state = trainedState();
    const results = await sweepRun({ ...options, state });
    expect(results.map(({ granularity, pruneRate, accuracy }) => [granularity, pruneRate, accuracy])).toEqual(
      [
        ['weight', 0.5, 0.5],
        ['weight', 0, 1],
        ['unit', 0.5, 0.5],
        ['unit', 0, 1],
      ],
    );
    expect(state).toEqual(trainedState());
  });

  it('reports what was asked and what was got', async () => {
    const [result] = await sweepRun({
      ...options,
      state: trainedState(),
      rates: [0.3],
      granularities: ['weight'],
    });
    // floor(0.3 · 2) = 0 entries of each filter, floor(0.3 · 4) = 1 entry of each dense column.
    expect(result).toEqual({
      granularity: 'weight',
      pruneRate: 0.3,
      sparsity: 2 / 12,
      parametersTotal: 24,
      parametersKept: 22,
      accuracy: 0.75,
      loss: 0.5,
      testImages: 100,
    });
  });

  it('does not compute known results again, and tells of every result in order', async () => {
    const known = { granularity: 'weight', pruneRate: 0.5, accuracy: 0.42 } as PruneResult;
    const evaluated = vi.fn(evaluate);
    const told: [number, boolean][] = [];
    const results = await sweepRun({
      ...options,
      granularities: ['weight'],
      state: trainedState(),
      evaluate: evaluated,
      done: (granularity, rate) => (granularity === 'weight' && rate === 0.5 ? known : undefined),
      onRow: (row, reused) => void told.push([row.pruneRate, reused]),
    });
    expect(results[0]).toBe(known);
    expect(evaluated).toHaveBeenCalledTimes(1);
    expect(told).toEqual([
      [0.5, true],
      [0, false],
    ]);
  });
});
