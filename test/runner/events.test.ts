/** @file The event file of a run: what it tells is what the run's other files tell, cut off or not; without it all else is the same. */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/data/types.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import type { RecordOptions } from '../../src/runner/record-options.ts';
import { readCheckpoint } from '../../src/runs/checkpoint.ts';
import { readMetrics } from '../../src/runs/metrics.ts';
import { type ReadEvent, readEvents } from '../runs/events/reader.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { countDroppedWeights, ENTRIES } from '../training/dropped.ts';
import { loadSmallMnist, runOf, type SettingsInput, smallSettings } from '../training/small-mnist.ts';
import { type Hooks, trainAndRecord } from './recording.ts';

const NAME = 'events.out.tfevents.td';

let dataset: Dataset;
let engine: Engine;
beforeAll(async () => {
  // 5 batches of 64 an epoch.
  dataset = await loadSmallMnist(320, 100);
  engine = (await chooseEngine('onnx', { threads: 1 })).engine;
});

type Options = Hooks & Pick<RecordOptions, 'signal' | 'writesEvents'>;

/** @returns the run's folder */
async function record(input: SettingsInput, results: string, options: Options = {}): Promise<string> {
  const run = runOf(smallSettings(input), 0);
  const work = { resultsDirectory: results, run, dataset, engine, environment: ENVIRONMENT };
  await trainAndRecord({ ...work, writesEvents: true, ...options });
  return directoryOf(input, results);
}

function directoryOf(input: SettingsInput, results: string): string {
  return join(results, 'test', runOf(smallSettings(input), 0).id);
}

function fail(): never {
  throw new Error('cut off');
}

/** Trains until the process dies at a moment that a hook chooses. */
async function cutOff(input: SettingsInput, results: string, options: Options): Promise<string> {
  await expect(record(input, results, options)).rejects.toThrow('cut off');
  return directoryOf(input, results);
}

function eventsOf(directory: string): Omit<ReadEvent, 'wallTime'>[] {
  return readEvents(readFileSync(join(directory, NAME))).map(({ wallTime, ...event }) => event);
}

const TARGETED: SettingsInput = { regularizer: { name: 'targeted', granularity: 'weight' } };

/** Methods with and without candidates, with state of their own, and a schedule. */
const CASES: readonly SettingsInput[] = [
  { ...TARGETED, schedule: { optimizer: { name: 'momentum' }, decay: { name: 'cosine' } } },
  {
    regularizer: { name: 'smallify', granularity: 'unit' },
    schedule: { optimizer: { name: 'adam' }, learningRate: 1e-3 },
  },
  { regularizer: { name: 'targeted-ard' } },
];
const NAMED_CASES = CASES.map((input) => [smallSettings(input).regularizer.name, input] as const);

describe('the events of a run', () => {
  it('are the rows of metrics.csv in single precision, each at its step', async () => {
    const directory = await record({ schedule: { decay: { name: 'cosine' } } }, temporaryFolder());
    const [version, ...epochs] = eventsOf(directory);
    expect(version).toMatchObject({ fileVersion: 'brain.Event:2', step: 0 });
    const rows = readMetrics(directory).map((row) => ({
      step: row.step,
      scalars: {
        'loss/train': Math.fround(row.trainLoss),
        'loss/test': Math.fround(row.testLoss),
        'accuracy/train': Math.fround(row.trainAccuracy),
        'accuracy/test': Math.fround(row.testAccuracy),
        learning_rate: Math.fround(row.learningRate),
        sparsity: 0,
      },
    }));
    expect(rows.map(({ step }) => step)).toEqual([5, 10, 15]);
    expect(epochs.map(({ step, scalars }) => ({ step, scalars }))).toEqual(rows);
  });

  it('have a histogram of each prunable weight, whose totals are those of the checkpoint', async () => {
    const directory = await record({}, temporaryFolder());
    const { histograms = {} } = eventsOf(directory).at(-1) ?? {};
    const arrays = readCheckpoint(directory)?.arrays ?? {};
    expect(Object.keys(histograms)).toEqual(['weights/dense1/kernel', 'weights/dense2/kernel']);
    for (const [tag, histogram] of Object.entries(histograms)) {
      const values = [...(arrays[tag.replace('weights/', '')] ?? [])];
      expect(histogram).toMatchObject({
        num: values.length,
        min: Math.min(...values),
        max: Math.max(...values),
        sum: expect.closeTo(
          values.reduce((total, value) => total + value, 0),
          9,
        ),
        sumSquares: expect.closeTo(
          values.reduce((total, value) => total + value ** 2, 0),
          9,
        ),
      });
      const below = histogram.bucket.filter((_, index) => (histogram.bucketLimit[index] ?? 0) <= 0);
      const negative = values.filter((value) => value < 0);
      expect(below.reduce((total, count) => total + count, 0)).toBe(negative.length);
    }
  });

  it('tell the sparsity of the weights that evaluation uses, and show those', async () => {
    const { scalars, histograms } =
      eventsOf(
        await record(
          { regularizer: { name: 'random-prune', granularity: 'weight', targetRate: 0.75 } },
          temporaryFolder(),
        ),
      ).at(-1) ?? {};
    expect(scalars).toMatchObject({ sparsity: 0.75, candidates_dropped: 0.75 });
    const { bucket = [], bucketLimit = [] } = histograms?.['weights/dense2/kernel'] ?? {};
    // Zeros lie in the bucket from 0 to 10^-12.
    expect(bucket[bucketLimit.indexOf(1e-12)]).toBe(0.75 * 24 * 12);
  });

  it('tell what the step after the epoch drops, and nothing of it for a method without candidates', async () => {
    const { regularizer } = smallSettings(TARGETED);
    if (regularizer.name !== 'targeted') throw new Error('not the method asked for');
    const { targetRate, dropRate } = regularizer;
    const directory = await record(TARGETED, temporaryFolder());
    const shares = eventsOf(directory)
      .slice(1)
      .map(({ scalars }) => scalars.candidates_dropped ?? Number.NaN);
    for (const share of shares) expect(Math.abs(share - dropRate * targetRate)).toBeLessThan(0.035);
    const last = countDroppedWeights(
      readCheckpoint(directory)?.arrays ?? {},
      { seed: 0, step: 15 },
      targetRate,
      dropRate,
    );
    expect(shares[2]).toBe(Math.fround(last / ENTRIES));
    const l1 = eventsOf(await record({ regularizer: { name: 'l1' } }, temporaryFolder()));
    expect(l1.some(({ scalars }) => 'candidates_dropped' in scalars)).toBe(false);
  });
});

describe('a run with events', () => {
  it.each(NAMED_CASES)(
    'of %s has the bytes of one without, and the same events if it is cut off',
    async (_name, input) => {
      const plain = await record(input, temporaryFolder(), { writesEvents: false });
      const shown = await record(input, temporaryFolder());
      expect(readdirSync(plain)).not.toContain(NAME);
      expect(readdirSync(shown).filter((name) => name !== NAME)).toEqual(readdirSync(plain));
      for (const name of ['metrics.csv', 'checkpoint.safetensors', 'config.yaml']) {
        expect(readFileSync(join(shown, name)).equals(readFileSync(join(plain, name))), name).toBe(true);
      }
      const results = temporaryFolder();
      await cutOff(input, results, { onEpoch: fail });
      await cutOff(input, results, { onStep: ({ step }) => (step === 8 ? fail() : undefined) });
      expect(eventsOf(await record(input, results))).toEqual(eventsOf(shown));
    },
  );

  it('that died between events and checkpoint does not tell the epoch twice', async () => {
    const whole = await record(TARGETED, temporaryFolder());
    const results = temporaryFolder();
    const directory = await cutOff(TARGETED, results, { onEpoch: fail });
    // The record of the second epoch, and a part of the third, with no checkpoint of them.
    const bytes = readFileSync(join(whole, NAME));
    const length = readFileSync(join(directory, NAME)).length;
    appendFileSync(join(directory, NAME), bytes.subarray(length, bytes.length - 9));
    expect(eventsOf(await record(TARGETED, results))).toEqual(eventsOf(whole));
  });

  it('that was interrupted after the steps of an epoch, but before its evaluation, tells it once', async () => {
    const whole = await record(TARGETED, temporaryFolder());
    const results = temporaryFolder();
    const controller = new AbortController();
    const interrupted = record(TARGETED, results, {
      signal: controller.signal,
      onStep: ({ step }) => void (step === 5 && controller.abort(new Error('interrupted'))),
    });
    await expect(interrupted).rejects.toThrow('interrupted');
    const directory = directoryOf(TARGETED, results);
    expect(readCheckpoint(directory)).toMatchObject({ epoch: 0, step: 5 });
    // As if it had died after the events of that epoch: they stand at the checkpoint's own step.
    const bytes = readFileSync(join(whole, NAME));
    appendFileSync(join(directory, NAME), bytes.subarray(0, bytes.length / 2));
    expect(eventsOf(await record(TARGETED, results))).toEqual(eventsOf(whole));
  });

  it('that goes on from the checkpoint before a damaged one forgets the epoch between', async () => {
    const whole = await record(TARGETED, temporaryFolder());
    const results = temporaryFolder();
    const directory = await cutOff(TARGETED, results, {
      onEpoch: ({ epoch }) => (epoch === 2 ? fail() : undefined),
    });
    appendFileSync(join(directory, 'checkpoint.safetensors'), 'x');
    expect(eventsOf(await record(TARGETED, results))).toEqual(eventsOf(whole));
  });

  it('that goes on without them keeps no epoch that was taken back', async () => {
    const results = temporaryFolder();
    const directory = await cutOff(TARGETED, results, {
      onEpoch: ({ epoch }) => (epoch === 2 ? fail() : undefined),
    });
    for (const name of readdirSync(directory)) {
      if (/^(checkpoint|metrics)/.test(name)) rmSync(join(directory, name));
    }
    await record(TARGETED, results, { writesEvents: false });
    expect(eventsOf(directory).map(({ step }) => step)).toEqual([0]);
  });

  it('that goes on with them for the first time tells the epochs to come', async () => {
    const results = temporaryFolder();
    await cutOff({}, results, { writesEvents: false, onEpoch: fail });
    expect(eventsOf(await record({}, results)).map(({ step }) => step)).toEqual([0, 10, 15]);
  });

  it('that is done is left alone', async () => {
    const results = temporaryFolder();
    const directory = await record({}, results, { writesEvents: false });
    await record({}, results);
    expect(existsSync(join(directory, NAME))).toBe(false);
  });

  it('whose event file is damaged goes on with a warning, and without what stood there', async () => {
    const results = temporaryFolder();
    const directory = await cutOff({}, results, { onEpoch: fail });
    appendFileSync(join(directory, NAME), Buffer.alloc(40));
    const warnings: string[] = [];
    await record({}, results, { onWarning: (sentence) => warnings.push(sentence) });
    expect(warnings).toEqual([
      expect.stringMatching(/events\.out\.tfevents\.td is damaged from byte \d+ on;/),
    ]);
    expect(eventsOf(directory).map(({ step }) => step)).toEqual([0, 5, 10, 15]);
  });
});
