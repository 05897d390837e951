/** @file The images that a step is fed: the same whenever training comes to that step, others at every other. */
import { describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import type { Dataset, Split } from '../../src/data/types.ts';
import { TrainingFeeds } from '../../src/training/feeds.ts';
import { prepareTraining } from '../../src/training/setup.ts';

const SIZE = 6 * 5 * 3;
const SPLIT: Split = {
  count: 20,
  images: Uint8Array.from({ length: 20 * SIZE }, (_, index) => (index * 67 + 13) % 256),
  labels: Uint8Array.from({ length: 20 }, (_, index) => index % 4),
  normalization: 'standardize',
  augmentation: { name: 'crop-flip', imageShape: [6, 5, 3] },
};

/** The same image again and again: batches of it differ in how it is cropped alone, whatever their order. */
const ALIKE: Split = { ...SPLIT, images: SPLIT.images.map((_, index, all) => all[index % SIZE] ?? 0) };

/** Feeds as a training makes them when it begins, or goes on from a checkpoint. */
async function createFeeds(seed: number, split: Split = SPLIT): Promise<TrainingFeeds> {
  const settings = runSettingsSchema.parse({
    model: { name: 'mlp', widths: [3] },
    schedule: { batchSize: 8 },
  });
  const dataset: Dataset = { name: 'x', imageShape: [6, 5, 3], classes: 4, train: split, test: split };
  return new TrainingFeeds(await prepareTraining({ settings, seed }, dataset));
}

const imagesAt = (feeds: TrainingFeeds, step: number) =>
  [...(feeds.fill(step).images as Float32Array)].join();

describe('TrainingFeeds with augmentation', () => {
  it('gives a resumed training the images that it would have seen', async () => {
    const uncut = await createFeeds(1);
    const seen = [0, 1, 2, 3, 4].map((step) => imagesAt(uncut, step));
    const resumed = await createFeeds(1);
    expect([3, 4].map((step) => imagesAt(resumed, step))).toEqual(seen.slice(3));
  });

  it('crops the same images elsewhere at another step and seed', async () => {
    const feeds = await createFeeds(1, ALIKE);
    const batches = [0, 2, 4].map((step) => imagesAt(feeds, step));
    expect(new Set([...batches, imagesAt(await createFeeds(2, ALIKE), 0)]).size).toBe(4);
  });

  it('shows images as they are if the split has no augmentation', async () => {
    const { augmentation: _, ...shown } = ALIKE;
    const feeds = await createFeeds(1, shown);
    expect(imagesAt(feeds, 0)).toBe(imagesAt(feeds, 2));
  });
});
