/** @file Evaluation with the noise of training against plain loops that draw the same masks. */
import { describe, expect, it } from 'vitest';
import { type NamedArrays, sizeOf } from '../../src/arrays.ts';
import type { Dataset } from '../../src/data/types.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import { fillBernoulli } from '../../src/random/streams.ts';
import { NoisyEvaluator } from '../../src/training/noisy-evaluator.ts';
import { createSetup } from '../../src/training/setup.ts';
import { naiveClassifier, plainLinear } from '../support/naive-networks.ts';
import { createNumbers } from '../support/numbers.ts';
import { smallSettings } from './small-mnist.ts';

const [SIDE, CLASSES, IMAGES, BATCH, SEED] = [4, 3, 23, 7, 3];
const [ALPHA, GAMMA] = [0.5, 0.6];

const numbers = createNumbers(5);
const split = {
  count: IMAGES,
  images: Uint8Array.from(numbers.uniform(IMAGES * SIDE * SIDE), (value) => 256 * value),
  labels: Uint8Array.from(numbers.uniform(IMAGES), (value) => CLASSES * value),
};
const dataset = {
  imageShape: [SIDE, SIDE, 1],
  classes: CLASSES,
  train: split,
  test: split,
} as unknown as Dataset;

function setupOf(regularizer: Parameters<typeof smallSettings>[0] & object) {
  const settings = smallSettings({
    model: { name: 'mlp', widths: [6, 5] },
    ...regularizer,
    schedule: { batchSize: BATCH, epochs: 4 },
  });
  return createSetup(settings, dataset);
}

/** Zeroes what is dropped: a candidate, among the smallest within its column, whose mask is set. */
function dropNaively(weight: Float32Array, columns: number, drop: Uint8Array, gamma: number): number[] {
  const rows = weight.length / columns;
  return Array.from(weight, (value, index) => {
    const column = Array.from({ length: rows }, (_, row) =>
      Math.abs(weight[row * columns + (index % columns)] ?? 0),
    );
    const threshold =
      column.sort((a, b) => a - b)[Math.floor(gamma * rows + 1e-9)] ?? Number.POSITIVE_INFINITY;
    return Math.abs(value) < threshold && drop[index] === 1 ? 0 : value;
  });
}

function evaluateNaively(
  state: NamedArrays,
  prunable: readonly string[],
  columnsOf: Readonly<Record<string, number>>,
  draws: number,
  [alpha, gamma] = [ALPHA, GAMMA],
): { accuracy: number; loss: number } {
  const batches = Math.ceil(IMAGES / BATCH);
  let [correct, loss] = [0, 0];
  for (let draw = 0; draw < draws; draw++) {
    for (let batch = 0; batch < batches; batch++) {
      const parameters: Record<string, number[]> = Object.fromEntries(
        Object.entries(state).map(([name, array]) => [name, [...array]]),
      );
      for (const name of prunable) {
        const weight = state[name] as Float32Array;
        const drop = new Uint8Array(weight.length);
        fillBernoulli(
          { seed: SEED, purpose: `evaluation/noise/${name}/drop`, index: draw * batches + batch },
          alpha,
          drop,
        );
        parameters[name] = dropNaively(weight, columnsOf[name] ?? 0, drop, gamma);
      }
      const [from, to] = [batch * BATCH, Math.min(IMAGES, (batch + 1) * BATCH)];
      const pixels = Array.from(
        split.images.slice(from * SIDE * SIDE, to * SIDE * SIDE),
        (byte) => byte / 255,
      );
      const logits = naiveClassifier(pixels, SIDE * SIDE, 2, parameters, plainLinear(parameters));
      for (let image = from; image < to; image++) {
        const row = logits.slice((image - from) * CLASSES, (image - from + 1) * CLASSES);
        const normalizer = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
        const label = split.labels[image] ?? 0;
        loss += normalizer - (row[label] ?? Number.NaN);
        if (row.indexOf(Math.max(...row)) === label) correct++;
      }
    }
  }
  return { accuracy: correct / IMAGES / draws, loss: loss / IMAGES / draws };
}

describe.each([
  ['reference', createReferenceEngine],
  ['onnx', createOnnxEngine],
])('an evaluation with noise on the engine %s', (_name, createEngine) => {
  it.each([1, 3])('is the mean over %d draws, each batch under masks of its own', async (draws) => {
    const setup = await setupOf({
      regularizer: { name: 'targeted', granularity: 'weight', dropRate: ALPHA, targetRate: GAMMA },
    });
    const { model } = setup;
    const state = Object.fromEntries(
      model.parameters.map(({ name, shape }) => [name, numbers.normal(sizeOf(shape))]),
    );
    const columns = Object.fromEntries(model.prunable.map(({ name, shape }) => [name, shape.at(-1) ?? 0]));
    const evaluator = await NoisyEvaluator.create(await createEngine(), setup, dataset);
    const { accuracy, loss, count } = await evaluator.evaluate(state, { seed: SEED, count: draws });
    const expected = evaluateNaively(state, Object.keys(columns), columns, draws);
    expect(count).toBe(IMAGES);
    expect(accuracy).toBeCloseTo(expected.accuracy, 10);
    expect(loss).toBeCloseTo(expected.loss, 5);
    evaluator.dispose();
  });

  it('drops as at the end of a ramp', async () => {
    const setup = await setupOf({
      regularizer: {
        name: 'ramping',
        granularity: 'weight',
        dropRate: 0.9,
        targetRate: GAMMA,
        ramp: { first: 1, second: 1 },
      },
    });
    const { model } = setup;
    const state = Object.fromEntries(
      model.parameters.map(({ name, shape }) => [name, numbers.normal(sizeOf(shape))]),
    );
    const columns = Object.fromEntries(model.prunable.map(({ name, shape }) => [name, shape.at(-1) ?? 0]));
    const evaluator = await NoisyEvaluator.create(await createEngine(), setup, dataset);
    const { loss } = await evaluator.evaluate(state, { seed: SEED, count: 2 });
    expect(loss).toBeCloseTo(evaluateNaively(state, Object.keys(columns), columns, 2, [0.9, GAMMA]).loss, 5);
    evaluator.dispose();
  });
});
