/** @file The claim of the paper, in small: networks trained with targeted dropout survive pruning that others do not. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { NamedArrays } from '../../src/arrays.ts';
import type { runSettingsSchema } from '../../src/config/schema.ts';
import type { Dataset } from '../../src/data/types.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/types.ts';
import type { Granularity } from '../../src/pruning/types.ts';
import { sweepNetwork } from '../../src/sweeps/sweep-network.ts';
import { Evaluator } from '../../src/training/evaluator.ts';
import { prepareTraining } from '../../src/training/setup.ts';
import { train } from '../../src/training/train.ts';
import { loadSmallMnist, smallSettings } from './small-mnist.ts';

type Regularizer = NonNullable<z.input<typeof runSettingsSchema>['regularizer']>;

/** The variants of configs/mnist-mlp.yaml: alpha 0.66 and gamma 0.75, dropout at their product. */
const METHODS = {
  none: { name: 'none' },
  dropoutWeight: { name: 'dropout', granularity: 'weight', dropRate: 0.495 },
  dropoutUnit: { name: 'dropout', granularity: 'unit', dropRate: 0.495 },
  targetedWeight: { name: 'targeted', granularity: 'weight', dropRate: 0.66, targetRate: 0.75 },
  targetedUnit: { name: 'targeted', granularity: 'unit', dropRate: 0.66, targetRate: 0.75 },
} as const satisfies Record<string, Regularizer>;

type Method = keyof typeof METHODS;

const SEED = 1;
/** Rates at which the gap is wide with any seed: gaps of four seeds were measured, and half the narrowest is asked. */
const [WEIGHT_RATE, UNIT_RATE] = [0.9, 0.8];

/** Test accuracy in percent. */
type Accuracy = 'dense' | Granularity;
const accuracies = {} as Record<Method, Record<Accuracy, number>>;

/** Trains 3 epochs of 10,000 images, and prunes. */
async function measure(method: Method, dataset: Dataset, engine: Engine): Promise<Record<Accuracy, number>> {
  const settings = smallSettings({
    model: { name: 'mlp', widths: [128, 64] },
    regularizer: METHODS[method],
    schedule: { learningRate: 0.05, decay: { name: 'cosine' }, weightDecay: 5e-4, gradientClip: 1 },
  });
  let state: NamedArrays = {};
  const training = await prepareTraining({ settings, seed: SEED }, dataset);
  for await (const event of train(training, { engine })) if (event.kind === 'epoch') state = event.state;
  const { model, regularizer } = training;
  const evaluator = await Evaluator.create(engine, model, dataset.test);
  const accuracyAt = async (granularity: Granularity, rate: number): Promise<number> => {
    const names = {
      experiment: 'gap',
      variant: method,
      seed: SEED,
      runId: `${method}/seed-0-00000000@00000000`,
    };
    const evaluate = (parameters: NamedArrays) => evaluator.evaluate(parameters);
    const network = { names, model, regularizer, state, evaluate };
    const swept = sweepNetwork(network, { pruneRates: [rate], granularities: [granularity] });
    return 100 * ((await swept.next()).value?.row.accuracy ?? Number.NaN);
  };
  const measured = {
    dense: await accuracyAt('weight', 0),
    weight: await accuracyAt('weight', WEIGHT_RATE),
    unit: await accuracyAt('unit', UNIT_RATE),
  };
  evaluator.dispose();
  return measured;
}

describe('after 3 epochs of 10,000 images of MNIST', () => {
  beforeAll(async () => {
    const dataset = await loadSmallMnist(10_000, 10_000);
    const { engine } = await chooseEngine('onnx', { threads: 1 });
    for (const method of Object.keys(METHODS) as Method[])
      accuracies[method] = await measure(method, dataset, engine);
  });

  it('every method has learned, to about the same accuracy', ({ annotate }) => {
    for (const method of Object.keys(METHODS) as Method[]) {
      expect(accuracies[method].dense, method).toBeGreaterThan(87);
      expect(accuracies[method].dense, method).toBeLessThan(97);
    }
    void annotate(JSON.stringify(accuracies));
  });

  it('targeted weight dropout survives the loss of 90 % of the weights better than none and dropout do', () => {
    const { none, dropoutWeight, targetedWeight } = accuracies;
    expect(targetedWeight.weight).toBeGreaterThan(targetedWeight.dense - 5);
    expect(targetedWeight.weight).toBeGreaterThan(none.weight + 2);
    expect(targetedWeight.weight).toBeGreaterThan(dropoutWeight.weight + 2);
  });

  it('targeted unit dropout survives the loss of 80 % of the units, which none and dropout do not', () => {
    const { none, dropoutUnit, targetedUnit } = accuracies;
    expect(targetedUnit.unit).toBeGreaterThan(targetedUnit.dense - 10);
    expect(targetedUnit.unit).toBeGreaterThan(none.unit + 8);
    expect(targetedUnit.unit).toBeGreaterThan(dropoutUnit.unit + 8);
  });

  it('either granularity of targeted dropout is the better one at its own', () => {
    const { targetedWeight, targetedUnit } = accuracies;
    expect(targetedUnit.unit).toBeGreaterThan(targetedWeight.unit + 8);
    expect(targetedWeight.weight).toBeGreaterThan(targetedUnit.weight + 2);
  });
});
