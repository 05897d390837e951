/** @file Feeds that a second thread makes while a step computes: the same to the bit as those that nobody made in time, and never missing. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NamedArrays } from '../../src/arrays.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import type { Dataset, Split } from '../../src/data/types.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { isAheadOf } from '../../src/training/ahead/feeds-ahead.ts';
import { TrainingFeeds } from '../../src/training/feeds.ts';
import { prepareTraining } from '../../src/training/setup.ts';
import { train } from '../../src/training/train.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import { createNumbers } from '../support/numbers.ts';
import type { RegularizerInput } from '../support/training-cases.ts';

await useCpuBackend();

const COUNT = 36;
const numbers = createNumbers(5);
const bytes = Uint8Array.from(numbers.uniform(COUNT * 6 * 5 * 3), (value) => 256 * value);
const labels = Uint8Array.from(numbers.uniform(COUNT), (value) => 4 * value);
const WHOLE: Split = { count: COUNT, images: bytes, labels };
const SPLITS: Readonly<Record<string, Split>> = {
  'whole, as it is': WHOLE,
  'a part of it, augmented': {
    ...WHOLE,
    count: 20,
    members: Uint32Array.from({ length: 20 }, (_, index) => 35 - index),
    normalization: 'standardize',
    augmentation: { name: 'crop-flip', imageShape: [6, 5, 3] },
  },
};

const REGULARIZERS: readonly RegularizerInput[] = [
  { name: 'none' },
  // Booleans, whose probability is a number or grows; uniform; normal.
  { name: 'targeted', granularity: 'weight' },
  { name: 'ramping', granularity: 'weight', ramp: { first: 1, second: 1 } },
  { name: 'l0', granularity: 'weight' },
  { name: 'variational', granularity: 'weight' },
];

function prepare(regularizer: RegularizerInput, split: Split) {
  const settings = runSettingsSchema.parse({
    model: { name: 'mlp', widths: [7] },
    regularizer,
    schedule: { batchSize: 8, epochs: 3 },
  });
  const dataset: Dataset = { name: 'x', imageShape: [6, 5, 3], classes: 4, train: split, test: WHOLE };
  return prepareTraining({ settings, seed: 2 }, dataset);
}

const copy = (arrays: NamedArrays): NamedArrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()]));

/** As after a step of an engine that took so long that the other thread is up. */
async function waitFor(feeds: TrainingFeeds): Promise<void> {
  for (let step = 0; feeds.madeAhead === 0 && step < 1000; step++) {
    await delay(10);
    feeds.fill(step % 2);
  }
}

describe('feeds that are made ahead', () => {
  const cases = REGULARIZERS.flatMap((regularizer) =>
    Object.keys(SPLITS).map((name) => [regularizer?.name, name, regularizer] as const),
  );

  it.each(cases)(
    'of %s, images %s, are those of every step, over the ends of epochs',
    async (_, name, regularizer) => {
      const training = await prepare(regularizer, SPLITS[name] as Split);
      const [plain, feeds] = [new TrainingFeeds(training), new TrainingFeeds(training, true)];
      try {
        await waitFor(feeds);
        const before = feeds.madeAhead;
        const end = 3 * training.stepsPerEpoch;
        for (let step = 0; step < end; step++) {
          expect(copy(feeds.fill(step))).toEqual(copy(plain.fill(step)));
          await delay(1);
        }
        expect(feeds.madeAhead - before).toBeGreaterThanOrEqual(end - 1);
      } finally {
        feeds.dispose();
      }
    },
  );

  it('are made by the thread that wants them if it wants others, or the second one is gone', async () => {
    const training = await prepare({ name: 'targeted', granularity: 'weight' }, WHOLE);
    const [plain, feeds] = [new TrainingFeeds(training), new TrainingFeeds(training, true)];
    await waitFor(feeds);
    for (const step of [5, 2, 2, 3, 0]) expect(copy(feeds.fill(step))).toEqual(copy(plain.fill(step)));
    feeds.dispose();
    const before = feeds.madeAhead;
    for (const step of [1, 2, 3]) expect(copy(feeds.fill(step))).toEqual(copy(plain.fill(step)));
    expect(feeds.madeAhead).toBe(before);
  });
});

describe('a training whose feeds are made ahead', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('ends with the same weights', async () => {
    const training = await prepare(
      { name: 'targeted', granularity: 'weight' },
      SPLITS['a part of it, augmented'] as Split,
    );
    const ends: NamedArrays[] = [];
    for (const way of ['inline', 'ahead']) {
      vi.stubEnv('TD_FEEDS', way);
      for await (const event of train(training, { engine: await createReferenceEngine() })) {
        await delay(20);
        if (event.kind === 'epoch' && event.epoch === 3) ends.push(event.state);
      }
    }
    expect(ends).toHaveLength(2);
    expect(ends[1]).toEqual(ends[0]);
  });

  it('has a second thread where a processor is left', () => {
    expect(isAheadOf({ busyThreads: 0 })).toBe(true);
    expect(isAheadOf({ busyThreads: 4096 })).toBe(false);
    expect(isAheadOf({})).toBe(false);
    vi.stubEnv('TD_FEEDS', 'ahead');
    expect(isAheadOf({ busyThreads: 4096 })).toBe(true);
    vi.stubEnv('TD_FEEDS', 'inlin');
    expect(() => isAheadOf({})).toThrow('unknown way "inlin" in TD_FEEDS (did you mean "inline"?)');
  });
});
