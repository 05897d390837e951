/** @file Gradients and Hessians against formulas and against differences in double precision. */
import { describe, expect, it } from 'vitest';
import { type NamedArrays, sizeOf } from '../../src/arrays.ts';
import type { Split } from '../../src/data/types.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import type { Engine } from '../../src/engines/types.ts';
import { createModel } from '../../src/models/registry.ts';
import type { Model } from '../../src/models/types.ts';
import { Curvature } from '../../src/training/curvature.ts';
import { naiveClassifier, plainLinear } from '../support/naive-networks.ts';
import { createNumbers } from '../support/numbers.ts';

const [SIDE, CLASSES, IMAGES] = [3, 4, 11];
const PIXELS = SIDE * SIDE;
const numbers = createNumbers(7);
const split: Split = {
  count: IMAGES,
  images: Uint8Array.from(numbers.uniform(IMAGES * PIXELS), (value) => 256 * value),
  labels: Uint8Array.from(numbers.uniform(IMAGES), (value) => CLASSES * value),
};
const pixels = Array.from(split.images, (byte) => byte / 255);

function mlp(widths: number[]): Model {
  const settings = { name: 'mlp', widths, initializer: 'glorotUniform' } as const;
  return createModel(settings, [SIDE, SIDE, 1], CLASSES);
}

function randomParameters(model: Model): NamedArrays {
  return Object.fromEntries(model.parameters.map(({ name, shape }) => [name, numbers.normal(sizeOf(shape))]));
}

/** Multinomial logistic regression: its kernel counts as prunable here, so that its Hessian is computed. */
function logisticRegression(): Model {
  const kernel = 'logits/kernel';
  const shape = [PIXELS, CLASSES];
  const initializer = { kind: 'constant', value: 0 } as const;
  return {
    inputShape: [SIDE, SIDE, 1],
    classes: CLASSES,
    parameters: [{ name: kernel, shape, role: 'kernel', initializer }],
    prunable: [{ name: kernel, shape, layer: 'dense', outputShape: [CLASSES] }],
    forward: (images, layers) => layers.dense(layers.tf.reshape(images, [-1, PIXELS]), 'logits'),
  };
}

function softmax(logits: readonly number[]): number[] {
  const exps = logits.map(Math.exp);
  const sum = exps.reduce((total, value) => total + value, 0);
  return exps.map((value) => value / sum);
}

const engines: [string, () => Promise<Engine>][] = [
  ['reference', createReferenceEngine],
  ['onnx', () => createOnnxEngine({ threads: 1 })],
];

describe.each(engines)('the curvature on %s', (_, createEngine) => {
  it('is that of logistic regression by its formula, H = mean of (diag p − p pᵀ) ⊗ x xᵀ', async () => {
    const model = logisticRegression();
    const parameters = randomParameters(model);
    const direction = numbers.normal(PIXELS * CLASSES);
    // Batches of four leave a last one with an empty place.
    const curvature = await Curvature.create(await createEngine(), model, split, 4);
    const { gradient, product } = await curvature.along(parameters, { 'logits/kernel': direction });
    curvature.dispose();

    const kernel = parameters['logits/kernel'] as Float32Array;
    const expected = { gradient: new Array(direction.length).fill(0), product: [] as number[] };
    expected.product = [...expected.gradient];
    for (let image = 0; image < IMAGES; image++) {
      const x = pixels.slice(image * PIXELS, (image + 1) * PIXELS);
      const times = (matrix: ArrayLike<number>) =>
        Array.from({ length: CLASSES }, (__, k) =>
          x.reduce((sum, value, row) => sum + value * Number(matrix[row * CLASSES + k]), 0),
        );
      const p = softmax(times(kernel));
      const change = times(direction);
      const mean = p.reduce((sum, value, k) => sum + value * Number(change[k]), 0);
      for (const [row, value] of x.entries()) {
        for (const [k, probability] of p.entries()) {
          const isLabel = split.labels[image] === k ? 1 : 0;
          expected.gradient[row * CLASSES + k] += ((probability - isLabel) * value) / IMAGES;
          const second = probability * (Number(change[k]) - mean);
          expected.product[row * CLASSES + k] =
            Number(expected.product[row * CLASSES + k]) + (second * value) / IMAGES;
        }
      }
    }
    expectClose(gradient['logits/kernel'], expected.gradient);
    expectClose(product['logits/kernel'], expected.product);
  });

  it('is that of a network of two hidden layers, whose kernels act upon one another', async () => {
    const model = mlp([6, 5]);
    const parameters = randomParameters(model);
    const direction = Object.fromEntries(
      model.prunable.map(({ name, shape }) => [name, numbers.normal(sizeOf(shape))]),
    );
    const curvature = await Curvature.create(await createEngine(), model, split, 4);
    const { product } = await curvature.along(parameters, direction);
    curvature.dispose();

    const asNumbers = Object.fromEntries(
      Object.entries(parameters).map(([name, array]) => [name, Array.from(array, Number)]),
    );
    const loss = (shift: number, name: string, index: number, extra: number): number => {
      const shifted = Object.fromEntries(
        Object.entries(asNumbers).map(([key, array]) => [
          key,
          array.map(
            (value, place) =>
              value +
              shift * Number(direction[key]?.[place] ?? 0) +
              (key === name && place === index ? extra : 0),
          ),
        ]),
      );
      const logits = naiveClassifier(pixels, PIXELS, 2, shifted, plainLinear(shifted));
      return (
        [...split.labels].reduce((sum, label, image) => {
          const row = logits.slice(image * CLASSES, (image + 1) * CLASSES);
          return sum - Math.log(Number(softmax(row)[label]));
        }, 0) / IMAGES
      );
    };
    const step = 1e-4;
    for (const { name, shape } of model.prunable) {
      const expected = Array.from({ length: sizeOf(shape) }, (__, index) => {
        const slope = (shift: number) => loss(shift, name, index, step) - loss(shift, name, index, -step);
        return (slope(step) - slope(-step)) / (4 * step * step);
      });
      expectClose(product[name], expected);
    }
  });
});

describe('Curvature', () => {
  it('refuses a network with convolutions in a sentence', async () => {
    const model = logisticRegression();
    const convolution = {
      ...model,
      prunable: model.prunable.map((weight) => ({ ...weight, layer: 'convolution' as const })),
    };
    await expect(Curvature.create(await createReferenceEngine(), convolution, split)).rejects.toThrow(
      'the Hessian is computed for networks of dense layers only',
    );
  });
});

/** Within 1e-4 of the largest entry, and not all zero. */
function expectClose(actual: ArrayLike<number> | undefined, expected: readonly number[]): void {
  const largest = Math.max(...expected.map(Math.abs));
  expect(largest).toBeGreaterThan(1e-3);
  expect(actual?.length).toBe(expected.length);
  for (const [index, value] of expected.entries())
    expect(Math.abs(Number(actual?.[index]) - value)).toBeLessThan(1e-4 * largest);
}
