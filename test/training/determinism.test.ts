/** @file What docs/determinism.md states: where equal runs end with equal bits, and how close they end elsewhere. */
import { beforeAll, describe, expect, it } from 'vitest';
import { distanceBetween, type Outcome, trainBriefly } from '../../scripts/determinism/measure.ts';
import type { Dataset, Split } from '../../src/data/types.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import { locateTensorflow } from '../../src/engines/tensorflow/installation/locate.ts';
import type { EngineName } from '../../src/engines/types.ts';
import { loadSmallMnist, type SettingsInput, smallSettings } from './small-mnist.ts';

const hasTensorflow = !('reason' in locateTensorflow());

/** Networks of every kind of layer. */
const NETWORKS: Readonly<Record<string, SettingsInput['model']>> = {
  mlp: { name: 'mlp', widths: [48, 24] },
  lenet: { name: 'lenet', filters: [4, 8], widths: [32] },
  resnet: { name: 'resnet', filters: [2, 4], units: 1 },
  // Channels and images in whole blocks. Plain JavaScript takes a minute for it.
  blockedResnet: { name: 'resnet', filters: [16, 16], units: 1 },
};

/** Steps of a training; few, since differences grow with each. */
const STEPS = 3;
const BATCH_SIZE = 16;

let dataset: Dataset;
beforeAll(async () => {
  const { train, test, ...facts } = await loadSmallMnist(STEPS * BATCH_SIZE, 50);
  dataset = { ...facts, imageShape: [14, 14, 1], train: halve(train), test: halve(test) };
});

/** Every second pixel of every second row, which plain JavaScript does in a quarter of the time. */
function halve(split: Split): Split {
  const images = split.images.filter((_, index) => index % 2 === 0 && Math.floor(index / 28) % 2 === 0);
  return { ...split, images };
}

const trained = new Map<string, Promise<Outcome>>();

/** A training with targeted dropout. Each is done once, unless it is asked for again. */
function outcomeOf(network: string, engine: EngineName, threads: number, time = 1): Promise<Outcome> {
  const key = [network, engine, threads, time].join();
  const outcome = trained.get(key) ?? trainOn(network, engine, threads);
  trained.set(key, outcome);
  return outcome;
}

async function trainOn(network: string, name: EngineName, threads: number): Promise<Outcome> {
  const settings = smallSettings({
    model: NETWORKS[network],
    regularizer: { name: 'targeted', granularity: 'weight' },
    schedule: { batchSize: BATCH_SIZE, epochs: 1, learningRate: 0.02 },
  });
  const { engine } = await chooseEngine(name, { threads });
  return trainBriefly(engine, settings, dataset);
}

const IDENTICAL = { state: 0, loss: 0, accuracy: 0 };

describe.each(Object.keys(NETWORKS))('a training of a %s', (network) => {
  it('ends with the same bits on the same engine and number of threads', async () => {
    for (const [engine, threads] of [
      ['onnx', 1],
      ['onnx', 2],
      ...(hasTensorflow ? [['tensorflow', 1] as const] : []),
      ...(network === 'blockedResnet' ? [] : [['reference', 1] as const]),
    ] as const) {
      const [one, again] = [
        await outcomeOf(network, engine, threads),
        await outcomeOf(network, engine, threads, 2),
      ];
      expect(one.steps).toBe(STEPS);
      expect(distanceBetween(one, again), engine).toEqual(IDENTICAL);
    }
  });

  it('ends within a millionth on another number of threads', async () => {
    const distance = distanceBetween(
      await outcomeOf(network, 'onnx', 1),
      await outcomeOf(network, 'onnx', 2),
    );
    expect(distance.state).toBeLessThan(1e-6);
    expect(distance.loss).toBeLessThan(1e-6);
  });

  it.skipIf(network === 'blockedResnet')(
    'ends within a millionth on another engine, and not with the same bits',
    async () => {
      const [onnx, reference] = [
        await outcomeOf(network, 'onnx', 1),
        await outcomeOf(network, 'reference', 1),
      ];
      const distance = distanceBetween(onnx, reference);
      expect(distance.state).toBeGreaterThan(0);
      expect(distance.state).toBeLessThan(1e-6);
      expect(distance.loss).toBeLessThan(1e-6);
      expect(distance.accuracy).toBe(0);
    },
  );
});

describe('the distance of two trainings', () => {
  const outcome = (weights: number[], trainLoss = 2, testAccuracy = 0.5): Outcome => ({
    state: { weights: Float32Array.from(weights), zeros: new Float32Array(2) },
    steps: 1,
    trainLoss,
    testAccuracy,
  });

  it('is the length of what differs, as a share of the length of the first', () => {
    const one = outcome([3, -4, 0, 0]);
    expect(distanceBetween(one, outcome([3, -4, 0, 0]))).toEqual(IDENTICAL);
    expect(distanceBetween(one, outcome([3.5, -4, 0, 0]))).toEqual({ state: 0.5 / 5, loss: 0, accuracy: 0 });
    expect(distanceBetween(one, outcome([3, 0, 0, 3])).state).toBe(1);
    expect(distanceBetween(one, outcome([3, -4, 0, 0], 2.5, 0.25))).toEqual({
      state: 0,
      loss: 0.25,
      accuracy: 0.25,
    });
  });

  it('is no number if one of them is none', () => {
    expect(distanceBetween(outcome([1, 2]), outcome([1, Number.NaN])).state).toBeNaN();
    expect(distanceBetween(outcome([1, 2]), outcome([1])).state).toBeNaN();
  });
});
