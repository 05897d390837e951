/** @file Checks how often steps and evaluations are repeated to be timed, and what is made of the times. */

import { describe, expect, it } from 'vitest';
import type { NamedArrays } from '../../src/arrays.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { blankDataset, isDatasetPresent } from '../../src/data/load.ts';
import { listDatasets } from '../../src/data/manage.ts';
import type { Engine } from '../../src/engines/types.ts';
import { median } from '../../src/median.ts';
import { timeEvaluation, timeTraining } from '../../src/runner/timing.ts';

const SETTINGS = runSettingsSchema.parse({
  dataset: { name: 'mnist', trainImages: 96, testImages: 40 },
  model: { name: 'mlp', widths: [4] },
  schedule: { batchSize: 32 },
});
const RUN = { settings: SETTINGS, seed: 0 };

/** Takes 5 ms a run whatever it is asked, and counts what it did. */
function makeEngine() {
  const counts = { runs: 0, disposed: 0 };
  let state: NamedArrays = {};
  const engine: Engine = {
    name: 'reference',
    device: 'nothing',
    compile: async () => ({
      async run() {
        counts.runs++;
        const end = performance.now() + 5;
        while (performance.now() < end);
        return {};
      },
      readState: async () => state,
      async writeState(values) {
        state = values;
      },
      dispose: () => void counts.disposed++,
    }),
  };
  return { engine, counts };
}

describe('timeTraining', () => {
  it('takes the steps that warm up and those that count, and frees the program', async () => {
    const { engine, counts } = makeEngine();
    const limits = { warmup: 2, repetitions: 4 };
    const { steps } = await timeTraining(RUN, blankDataset(SETTINGS.dataset), engine, limits);
    expect(counts).toEqual({ runs: 6, disposed: 1 });
    expect(steps).toHaveLength(4);
    for (const { milliseconds, feedMilliseconds } of steps) {
      expect(feedMilliseconds).toBeGreaterThan(0);
      expect(milliseconds - feedMilliseconds).toBeGreaterThanOrEqual(5);
    }
  });

  it('takes one step to warm up and one that counts where time is short', async () => {
    const { engine, counts } = makeEngine();
    const limits = { warmup: 9, repetitions: 90, seconds: 0.004 };
    const { steps } = await timeTraining(RUN, blankDataset(SETTINGS.dataset), engine, limits);
    expect([steps.length, counts.runs]).toEqual([1, 2]);
  });
});

describe('timeEvaluation', () => {
  it('is the time of a whole pass', async () => {
    const { engine, counts } = makeEngine();
    const { test } = blankDataset({ ...SETTINGS.dataset, testImages: 1200 });
    const training = await timeTraining(RUN, blankDataset(SETTINGS.dataset), engine, {
      warmup: 1,
      repetitions: 1,
    });
    counts.runs = 0;
    const limits = { warmup: 1, repetitions: 3 };
    const milliseconds = await timeEvaluation(engine, training.model, test, training.parameters, limits);
    // 1,200 images are 3 batches of at most 500.
    expect(counts.runs).toBe(4 * 3);
    expect(milliseconds).toBeGreaterThanOrEqual(15);
  });
});

describe('median', () => {
  it('is the middle number, or the mean of the middle two', () => {
    expect([median([9, 1, 2]), median([4, 1, 2, 100]), median([7])]).toEqual([2, 3, 7]);
  });
});

describe('blankDataset', () => {
  it('has the shape and size of the published one, cut and shown as the settings say', () => {
    const settings = runSettingsSchema.parse({
      dataset: { name: 'cifar100', testImages: 7, augmentation: 'crop-flip', normalization: 'standardize' },
    });
    const { train, test, imageShape, classes } = blankDataset(settings.dataset);
    expect([imageShape, classes]).toEqual([[32, 32, 3], 100]);
    expect([train.count, train.images.length, train.labels.length]).toEqual([50_000, 153_600_000, 50_000]);
    expect([test.count, test.images.length]).toEqual([7, 7 * 3072]);
    expect([train.normalization, train.augmentation?.name]).toEqual(['standardize', 'crop-flip']);
  });

  it('stands in for a data set that is not present', async () => {
    for (const { name, isPresent } of listDatasets().filter(({ isPublished }) => isPublished)) {
      const { dataset } = runSettingsSchema.parse({ dataset: { name } });
      expect(isDatasetPresent(dataset), name).toBe(isPresent);
      expect(isDatasetPresent({ ...dataset, path: 'elsewhere' })).toBe(true);
    }
  });
});
