/** @file Where trainings begin that go on from another: learning rates, batches and Adam's corrections, by hand. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ArrayData } from '../../src/arrays.ts';
import type { Dataset } from '../../src/data/types.ts';
import { TrainingFeeds } from '../../src/training/feeds.ts';
import { prepareTraining } from '../../src/training/setup.ts';
import type { TrainedRun, Training } from '../../src/training/types.ts';
import { loadSmallMnist, type SettingsInput, smallSettings } from './small-mnist.ts';

let dataset: Dataset;
beforeAll(async () => {
  // 5 batches of 64 an epoch.
  dataset = await loadSmallMnist(320, 64);
});

const SCHEDULE = { epochs: 4, learningRate: 0.2, decay: { name: 'cosine' }, warmup: '2it' } as const;
const PARENT: TrainedRun = { settings: smallSettings({ schedule: SCHEDULE }), seed: 7 };

const childOf = (parent: TrainedRun, input: SettingsInput): TrainedRun => ({
  settings: smallSettings({ schedule: SCHEDULE, ...input }),
  seed: parent.seed,
  parent,
});

const prepare = (run: TrainedRun): Promise<Training> => prepareTraining(run, dataset);

/** Arrays of thousands of numbers are compared by their digest, which is quick. */
const digestOf = (array: ArrayData | undefined) =>
  createHash('sha256')
    .update(new Uint8Array(array?.buffer ?? new ArrayBuffer(0)))
    .digest('hex');

async function feedsOf(run: TrainedRun, step: number) {
  const feeds = new TrainingFeeds(await prepare(run)).fill(step);
  return { rate: feeds.learningRate?.[0], images: digestOf(feeds.images), all: feeds };
}

const fineTuneOf = (parent: TrainedRun, learningRate: number | null, schedule: object = {}): TrainedRun =>
  childOf(parent, {
    regularizer: { name: 'fine-tune', granularity: 'weight', learningRate },
    schedule: { ...SCHEDULE, ...schedule },
  });

const rewindOf = (parent: TrainedRun, to: number | string, what: 'weights' | 'learning-rate'): TrainedRun =>
  childOf(parent, {
    regularizer: { name: 'rewind', granularity: 'weight', to, what },
    schedule: parent.settings.schedule as never,
  });

describe('fine-tuning', () => {
  it('has one learning rate at all steps, whatever the schedule that it inherits', async () => {
    for (const step of [0, 3, 19])
      expect((await feedsOf(fineTuneOf(PARENT, 0.003), step)).rate).toBe(Math.fround(0.003));
  });

  it('has that of its parent at the last step where it is told no other', async () => {
    const last = 0.2 * 0.5 * (1 + Math.cos((Math.PI * 19) / 20));
    for (const step of [0, 9])
      expect((await feedsOf(fineTuneOf(PARENT, null), step)).rate).toBeCloseTo(last, 9);
  });

  it('goes on with the batches that its parent would see next', async () => {
    const longer: TrainedRun = {
      ...PARENT,
      settings: smallSettings({ schedule: { ...SCHEDULE, epochs: 6 } }),
    };
    for (const step of [0, 4, 7]) {
      const { images } = await feedsOf(fineTuneOf(PARENT, 0.01), step);
      expect(images).toEqual((await feedsOf(longer, 20 + step)).images);
    }
    const again = fineTuneOf(fineTuneOf(PARENT, 0.01, { epochs: 1 }), 0.01);
    expect((await feedsOf(again, 2)).images).toEqual((await feedsOf(longer, 27)).images);
  });
});

describe('rewinding', () => {
  it.each(['weights', 'learning-rate'] as const)(
    'of %s has the learning rate and the batch of its parent at each step',
    async (what) => {
      const training = await prepare(rewindOf(PARENT, '7it', what));
      expect(training.beginning.firstStep).toBe(7);
      for (const step of [7, 8, 12, 19]) {
        const { rate, images } = await feedsOf(rewindOf(PARENT, '7it', what), step);
        expect(rate).toBeCloseTo(0.1 * (1 + Math.cos((Math.PI * step) / 20)), 7);
        expect(images).toEqual((await feedsOf(PARENT, step)).images);
      }
    },
  );

  it('into the warm-up repeats the rest of it', async () => {
    expect((await feedsOf(rewindOf(PARENT, 0, 'weights'), 0)).rate).toBeCloseTo(0.1, 8);
  });

  it("corrects Adam's averages for the steps that they were gathered over", async () => {
    const adam: TrainedRun = {
      settings: smallSettings({ schedule: { ...SCHEDULE, optimizer: { name: 'adam' } } }),
      seed: 7,
    };
    const correction = async (what: 'weights' | 'learning-rate') =>
      (await feedsOf(rewindOf(adam, 2, what), 12)).all['scalar/optimizer/meanCorrection']?.[0];
    expect(await correction('weights')).toBeCloseTo(1 / (1 - 0.9 ** 13), 6);
    expect(await correction('learning-rate')).toBeCloseTo(1 / (1 - 0.9 ** 3), 6);
  });

  it.each([
    ['20it', /regularizer\.to is step 20, expected one of the steps 0 to 19 of "none"/],
    [4.5, /regularizer\.to is step 23, expected one of the steps 0 to 19 of "none"/],
  ])('to a point that the parent does not come to is refused: %s', async (to, message) => {
    await expect(prepare(rewindOf(PARENT, to, 'weights'))).rejects.toThrow(message);
  });

  it('to a point before the one to which its parent was rewound is refused', async () => {
    const parent = rewindOf(PARENT, 2, 'weights');
    await expect(prepare(rewindOf(parent, 1, 'weights'))).rejects.toThrow(
      'expected one of the steps 10 to 19',
    );
    expect((await prepare(rewindOf(parent, 2, 'weights'))).beginning).toMatchObject({
      firstStep: 10,
      repeatedSteps: 10,
    });
  });

  it('of a run whose settings nobody knows is refused', async () => {
    const { settings, seed } = rewindOf(PARENT, 1, 'weights');
    await expect(prepare({ settings, seed })).rejects.toThrow(
      'the run goes on from variant "none", whose settings are not at hand',
    );
  });
});
