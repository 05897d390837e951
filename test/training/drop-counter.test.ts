/** @file What a step drops, counted against rankings and noise that are computed here anew. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/data/types.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import { DropCounter } from '../../src/training/drop-counter.ts';
import { initialState } from '../../src/training/initial-state.ts';
import { prepareTraining } from '../../src/training/setup.ts';
import { countDroppedUnits, countDroppedWeights, ENTRIES, LAYERS, noiseOf } from './dropped.ts';
import { loadSmallMnist, type SettingsInput, smallSettings } from './small-mnist.ts';

const SEED = 4;
let dataset: Dataset;
let engine: Engine;
beforeAll(async () => {
  // 5 batches of 64 an epoch.
  dataset = await loadSmallMnist(320, 100);
  engine = (await chooseEngine('onnx', { threads: 1 })).engine;
});

/** The share that is dropped at a step from the initial state, and that state. */
async function countAt(
  regularizer: SettingsInput['regularizer'],
  step: number,
  { model, computed = engine }: { model?: SettingsInput['model']; computed?: Engine } = {},
) {
  const settings = smallSettings({ regularizer, ...(model === undefined ? {} : { model }) });
  const training = await prepareTraining({ settings, seed: SEED }, dataset);
  const state = initialState(training);
  const counter = await DropCounter.create(computed, training);
  try {
    return { share: await counter?.count(state, step), state };
  } finally {
    counter?.dispose();
  }
}

describe('the share that a step drops', () => {
  it('of targeted dropout of weights is that of the low entries whose noise is below alpha', async () => {
    const settings = { name: 'targeted', granularity: 'weight', targetRate: 0.75, dropRate: 0.66 } as const;
    for (const step of [7, 8]) {
      const { share, state } = await countAt(settings, step);
      expect(share).toBe(countDroppedWeights(state, { seed: SEED, step }, 0.75, 0.66) / ENTRIES);
      // Ten standard deviations about alpha · gamma.
      expect(Math.abs((share ?? 0) - 0.66 * 0.75)).toBeLessThan(0.035);
    }
  });

  it('of targeted dropout of units is that of all entries of the columns dropped', async () => {
    const settings = { name: 'targeted', granularity: 'unit', targetRate: 0.75, dropRate: 0.66 } as const;
    const { share, state } = await countAt(settings, 3);
    expect(share).toBe(countDroppedUnits(state, { seed: SEED, step: 3 }, 0.75, 0.66) / ENTRIES);
  });

  it('of a rate of 1 is exactly floor(gamma · n) of each column', async () => {
    const { share } = await countAt(
      { name: 'targeted', granularity: 'weight', targetRate: 0.9, dropRate: 1 },
      0,
    );
    expect(share).toBe((24 * Math.floor(0.9 * 784) + 12 * Math.floor(0.9 * 24)) / ENTRIES);
  });

  it('of ramping targeted dropout rises with its rates, which are those of the step', async () => {
    const settings = {
      name: 'ramping',
      granularity: 'weight',
      targetRate: 0.8,
      dropRate: 0.9,
      ramp: { first: '10it', second: '10it' },
    } as const;
    expect((await countAt(settings, 0)).share).toBe(0);
    // Half of the first part: gamma at 0.95 / 2, alpha at 1 / 4 of their ends.
    const step = 5;
    const { share, state } = await countAt(settings, step);
    expect(share).toBe(countDroppedWeights(state, { seed: SEED, step }, 0.8 * 0.475, 0.9 / 4) / ENTRIES);
    expect((await countAt(settings, 40)).share).toBeGreaterThan(0.7);
  });

  it('of delayed pruning is nothing before its time and all candidates from then on', async () => {
    const settings = { name: 'delayed-prune', granularity: 'weight', targetRate: 0.5, delay: '6it' } as const;
    expect((await countAt(settings, 5)).share).toBe(0);
    expect((await countAt(settings, 6)).share).toBe(0.5);
  });

  it('of random pruning is the fixed share of its mask', async () => {
    const settings = { name: 'random-prune', granularity: 'weight', targetRate: 0.25 } as const;
    expect((await countAt(settings, 0)).share).toBe(0.25);
    expect((await countAt(settings, 17)).share).toBe(0.25);
  });

  it('of dropout is the share of all entries whose noise is below the rate', async () => {
    const { share } = await countAt({ name: 'dropout', granularity: 'weight', dropRate: 0.25 }, 9);
    const dropped = LAYERS.map(
      ({ name, rows, columns }) =>
        noiseOf(name, rows * columns, { seed: SEED, step: 9 }).filter((value) => value < 0.25).length,
    );
    expect(share).toBe(dropped.reduce((sum, count) => sum + count, 0) / ENTRIES);
  });

  it('of inputs ranked by their activation on the batch of the step is the same on both engines', async () => {
    const settings = { name: 'targeted-ard', targetRate: 0.5, dropRate: 1, perEntry: false } as const;
    const { engine: reference } = await chooseEngine('reference', {});
    const shares = await Promise.all(
      [engine, reference].map(async (computed) => (await countAt(settings, 2, { computed })).share),
    );
    // Whole rows: half of the 24 inputs of the second layer, and those of 784 pixels whose relevance is below the median.
    expect(shares[0]).toBe(shares[1]);
    const rowsOfFirst = Math.round((((shares[0] ?? 0) * ENTRIES - 12 * 12) / 24) * 1e6) / 1e6;
    expect(rowsOfFirst).toBe(Math.round(rowsOfFirst));
    expect(rowsOfFirst).toBeGreaterThan(0);
    expect(rowsOfFirst).toBeLessThanOrEqual(392);
  });

  it('of convolutions counts the filters of each kernel once, on batch normalisation too', async () => {
    const { share } = await countAt(
      { name: 'targeted', granularity: 'weight', targetRate: 1, dropRate: 1 },
      0,
      { model: { name: 'resnet', filters: [2, 2], units: 1 } },
    );
    expect(share).toBe(1);
  });

  it.each([
    { name: 'none' },
    { name: 'l1' },
    { name: 'l0', granularity: 'weight' },
    { name: 'variational' },
    { name: 'smallify', granularity: 'unit' },
  ] as const)('is not told of $name, which has no candidates', async (settings) => {
    expect((await countAt(settings, 0)).share).toBeUndefined();
  });
});
