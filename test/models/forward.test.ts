/** @file Forward passes against plain loops in double precision. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { plainLayers } from '../../src/models/layers.ts';
import { createModel, type ModelSettings } from '../../src/models/registry.ts';
import type { Model } from '../../src/models/types.ts';
import { type NamedTensors, randomNormal, randomParameters } from '../support/contexts.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import { naiveClassifier, naiveLenet, plainLinear } from '../support/naive-networks.ts';
import { naiveResnet, naiveVgg, naiveWideResnet } from '../support/naive-normalized-networks.ts';
import { createNumbers } from '../support/numbers.ts';

beforeAll(useCpuBackend);

function settings(model: object): ModelSettings {
  return runSettingsSchema.parse({ model }).model;
}

function valuesOf(parameters: NamedTensors): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, tensor]) => [name, [...tensor.dataSync()]]),
  );
}

function expectClose(actual: tf.Tensor, expected: readonly number[]): void {
  const values = [...actual.dataSync()];
  expect(values).toHaveLength(expected.length);
  values.forEach((value, index) => {
    expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 4);
  });
}

describe('the MLP', () => {
  it('is dense layers with ReLU on flattened images, without ReLU on the logits', () => {
    const numbers = createNumbers(1);
    const model = createModel(settings({ name: 'mlp', widths: [7, 5, 4] }), [3, 2, 2], 3);
    const parameters = randomParameters(model.parameters, numbers);
    const images = randomNormal([4, 3, 2, 2], numbers);
    const logits = model.forward(images, plainLayers(parameters, false));
    const values = valuesOf(parameters);
    const expected = naiveClassifier([...images.dataSync()], 12, 3, values, plainLinear(values));
    expect(logits.shape).toEqual([4, 3]);
    expectClose(logits, expected);
    expect(expected.some((value) => value < 0)).toBe(true);
  });
});

describe('LeNet', () => {
  it.each([
    ['even sides throughout', [16, 20, 1]],
    ['odd sides, which pooling rounds up', [17, 13, 2]],
  ] as const)('is two convolution blocks and dense layers, on %s', (_, imageShape) => {
    const numbers = createNumbers(2);
    const model = createModel(settings({ name: 'lenet', filters: [3, 4], widths: [6] }), imageShape, 5);
    const parameters = randomParameters(model.parameters, numbers);
    const images = randomNormal([2, ...imageShape], numbers);
    const logits = model.forward(images, plainLayers(parameters, false));
    const values = valuesOf(parameters);
    const grid = { data: [...images.dataSync()], shape: [2, ...imageShape] as const };
    expect(logits.shape).toEqual([2, 5]);
    expectClose(logits, naiveLenet(grid, 1, false, values, plainLinear(values)));
  });

  it('standardises each image by its own mean and deviation, and leaves a uniform image at zero', () => {
    const numbers = createNumbers(3);
    const imageShape = [13, 14, 2] as const;
    const model = createModel(
      settings({ name: 'lenet', filters: [3, 4], widths: [6], standardize: true }),
      imageShape,
      5,
    );
    const parameters = randomParameters(model.parameters, numbers);
    const images = tf.concat([
      tf.add(3, tf.mul(20, randomNormal([1, ...imageShape], numbers))),
      // Deviation far below 1/sqrt(n) = 0.052: the bound decides.
      tf.mul(0.001, randomNormal([1, ...imageShape], numbers)),
      tf.fill([1, ...imageShape], 0.5),
    ]);
    const logits = model.forward(images, plainLayers(parameters, false));
    const values = valuesOf(parameters);
    const grid = { data: [...images.dataSync()], shape: [3, ...imageShape] as const };
    expectClose(logits, naiveLenet(grid, 1, true, values, plainLinear(values)));
    const blank = model.forward(tf.ones([1, ...imageShape]), plainLayers(parameters, false));
    expectClose(tf.slice(logits, [2, 0], [1, 5]), [...blank.dataSync()]);
  });
});

describe("the paper code's LeNet", () => {
  it('takes CIFAR images: two convolution blocks leave 5×5 pixels of 16 filters', () => {
    const numbers = createNumbers(6);
    const imageShape = [32, 32, 3] as const;
    const lenet = { name: 'lenet', filters: [6, 16], widths: [500], standardize: true, initialBias: 0.1 };
    const model = createModel(settings(lenet), imageShape, 10);
    const parameters = randomParameters(model.parameters, numbers);
    expect(parameters['dense1/kernel']?.shape).toEqual([5 * 5 * 16, 500]);
    const images = tf.add(2, randomNormal([2, ...imageShape], numbers));
    const logits = tf.mul(0.01, model.forward(images, plainLayers(parameters, true)));
    const values = valuesOf(parameters);
    const grid = { data: [...images.dataSync()], shape: [2, ...imageShape] as const };
    const expected = naiveLenet(grid, 1, true, values, plainLinear(values));
    expectClose(
      logits,
      expected.map((value) => 0.01 * value),
    );
  });
});

/** Parameters with variances that are positive and scales that keep the signal alive through many layers. */
function normalizedParameters(model: Model, seed: number): NamedTensors {
  const random = randomParameters(model.parameters, createNumbers(seed));
  const entries = Object.entries(random).map(([name, value]) => {
    if (name.endsWith('/variance')) return [name, tf.add(0.7, tf.abs(value))];
    return [name, name.endsWith('/scale') ? tf.add(1, value) : value];
  });
  return Object.fromEntries(entries);
}

describe.each([true, false])('a network with batch normalisation, training %s', (training) => {
  const batch = 3;
  const forward = (model: Model, imageShape: readonly number[]) => {
    const parameters = normalizedParameters(model, 4);
    const images = randomNormal([batch, ...imageShape], createNumbers(5));
    const logits = model.forward(images, plainLayers(parameters, training));
    const values = valuesOf(parameters);
    const network = { parameters: values, linear: plainLinear(values), epsilon: 0.01, evaluates: !training };
    return { logits, data: [...images.dataSync()], network };
  };

  it.each([
    ['even sides', [8, 4, 2]],
    ['odd sides, which strides round up', [7, 5, 3]],
  ] as const)('ResNet is units of two convolutions with shortcuts, on %s', (_, imageShape) => {
    const [filters, units] = [[3, 2, 4, 5], 2] as const;
    const model = createModel(
      settings({ name: 'resnet', filters, units, batchNorm: { epsilon: 0.01 } }),
      imageShape,
      6,
    );
    const { logits, data, network } = forward(model, imageShape);
    expect(logits.shape).toEqual([batch, 6]);
    expectClose(logits, naiveResnet({ data, shape: [batch, ...imageShape] }, 3, units, network));
  });

  it("ResNet units without their first activation, as the paper's code has them for variational dropout, begin with a convolution", () => {
    const imageShape = [8, 4, 2] as const;
    const sizes = { filters: [3, 2, 4, 5], units: 2, firstActivation: false };
    const model = createModel(
      settings({ name: 'resnet', ...sizes, batchNorm: { epsilon: 0.01 } }),
      imageShape,
      6,
    );
    expect(model.parameters.some(({ name }) => name.includes('.norm1'))).toBe(false);
    const { logits, data, network } = forward(model, imageShape);
    const naive = { ...network, firstActivation: false };
    const expected = naiveResnet({ data, shape: [batch, ...imageShape] }, 3, 2, naive);
    const scale = Math.max(1, ...expected.map(Math.abs));
    expectClose(
      tf.div(logits, scale),
      expected.map((logit) => logit / scale),
    );
  });

  it.each([
    ['10-2, with a convolution on the first shortcut of each stage', 10, 2],
    ['16-1, whose first stage keeps its shape and has none', 16, 1],
  ])('Wide ResNet %s', (_, depth, width) => {
    const imageShape = [5, 4, 3] as const;
    const model = createModel(
      settings({ name: 'wide-resnet', depth, width, batchNorm: { epsilon: 0.01 } }),
      imageShape,
      6,
    );
    const { logits, data, network } = forward(model, imageShape);
    expect(logits.shape).toEqual([batch, 6]);
    // Hundreds of products are summed in single precision: logits of some tens are compared as those of a few units.
    const expected = naiveWideResnet({ data, shape: [batch, ...imageShape] }, depth, width, network);
    const scale = Math.max(1, ...expected.map(Math.abs));
    expectClose(
      tf.div(logits, scale),
      expected.map((logit) => logit / scale),
    );
  });

  it.each([false, true])(
    'VGG is five groups of convolutions and dense layers, with ReLU there: %s',
    (denseRelu) => {
      const imageShape = [9, 6, 2] as const;
      const sizes = { filters: [3, 4, 3, 4, 5], widths: [6, 4] };
      const model = createModel(
        settings({ name: 'vgg', ...sizes, denseRelu, batchNorm: { epsilon: 0.01 } }),
        imageShape,
        3,
      );
      const { logits, data, network } = forward(model, imageShape);
      expect(logits.shape).toEqual([batch, 3]);
      expectClose(logits, naiveVgg({ data, shape: [batch, ...imageShape] }, 2, { ...network, denseRelu }));
    },
  );
});

describe('the first convolution', () => {
  const shape = [16, 16, 3] as const;
  const prunableOf = (model: object) =>
    createModel(settings(model as Parameters<typeof settings>[0]), shape, 5).prunable.map(({ name }) => name);

  it.each([
    [{ name: 'lenet', filters: [3, 4], widths: [6] }, 'conv1/kernel'],
    [{ name: 'vgg', filters: [3, 4, 3, 4, 5], widths: [6, 4] }, 'group1.conv1/kernel'],
  ])('of %o is exempt, and dropped and pruned like the others if asked for', (model, first) => {
    const exempt = prunableOf(model);
    expect(exempt).not.toContain(first);
    expect(prunableOf({ ...model, firstConvolution: 'prunable' })).toEqual([first, ...exempt]);
  });
});
