/** @file The networks' parameters and prunable weights, counted by hand. */
import { describe, expect, it } from 'vitest';
import type { ModelSettings } from '../../src/config/schema.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { sizeOf } from '../../src/engines/types.ts';
import { UserError } from '../../src/errors.ts';
import { createModel } from '../../src/models/registry.ts';
import type { Model } from '../../src/models/types.ts';

const MNIST = [28, 28, 1] as const;
const CIFAR = [32, 32, 3] as const;

function settings(model: object): ModelSettings {
  return runSettingsSchema.parse({ model }).model;
}

function countParameters(model: Model): number {
  return model.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

describe('parameter counts', () => {
  it.each([
    // 784·300 + 300, 300·100 + 100, 100·10 + 10
    ['LeNet-300-100 on MNIST', { name: 'mlp' }, MNIST, 235_500 + 30_100 + 1_010],
    // 784·128 + 128, 128·64 + 64, 64·32 + 32, 32·10 + 10
    ["the paper code's MLP", { name: 'mlp', widths: [128, 64, 32] }, MNIST, 100_480 + 8_256 + 2_080 + 330],
    // 25·20 + 20, 25·20·50 + 50, 4·4·50·500 + 500, 500·10 + 10
    ["Caffe's LeNet on MNIST", { name: 'lenet' }, MNIST, 520 + 25_050 + 400_500 + 5_010],
    // 25·6 + 6, 25·6·16 + 16, 4·4·16·500 + 500, 500·10 + 10
    ['LeNet 6-16-500 on MNIST', { name: 'lenet', filters: [6, 16] }, MNIST, 156 + 2_416 + 128_500 + 5_010],
    // 25·3·6 + 6, 25·6·16 + 16, 5·5·16·500 + 500, 500·10 + 10
    [
      "the paper code's LeNet on CIFAR",
      { name: 'lenet', filters: [6, 16] },
      CIFAR,
      456 + 2_416 + 200_500 + 5_010,
    ],
    // 520, 25_050, 800·800 + 800, 800·500 + 500, 5_010
    [
      'LeNet 20-50-800-500',
      { name: 'lenet', widths: [800, 500] },
      MNIST,
      520 + 25_050 + 640_800 + 400_500 + 5_010,
    ],
  ])('%s', (_, model, imageShape, expected) => {
    expect(countParameters(createModel(settings(model), imageShape, 10))).toBe(expected);
  });

  it('agree with the published totals 266,610 and 431,080', () => {
    expect(countParameters(createModel(settings({ name: 'mlp' }), MNIST, 10))).toBe(266_610);
    expect(countParameters(createModel(settings({ name: 'lenet' }), MNIST, 10))).toBe(431_080);
  });
});

describe('prunable weights', () => {
  it('of an MLP are all hidden kernels but not the logits', () => {
    const model = createModel(settings({ name: 'mlp' }), MNIST, 10);
    expect(model.prunable).toEqual([
      { name: 'dense1/kernel', shape: [784, 300], layer: 'dense', outputShape: [300] },
      { name: 'dense2/kernel', shape: [300, 100], layer: 'dense', outputShape: [100] },
    ]);
  });

  it('of a LeNet leave out the first convolution and the logits', () => {
    const model = createModel(settings({ name: 'lenet' }), MNIST, 10);
    expect(model.prunable).toEqual([
      { name: 'conv2/kernel', shape: [5, 5, 20, 50], layer: 'convolution', outputShape: [8, 8, 50] },
      { name: 'dense1/kernel', shape: [800, 500], layer: 'dense', outputShape: [500] },
    ]);
  });

  it('are kernels of the model, never biases', () => {
    const model = createModel(settings({ name: 'lenet', widths: [800, 500] }), MNIST, 10);
    for (const weight of model.prunable) {
      const parameter = model.parameters.find(({ name }) => name === weight.name);
      expect(parameter).toMatchObject({ role: 'kernel', shape: weight.shape });
    }
    expect(model.prunable.map(({ name }) => name)).toEqual([
      'conv2/kernel',
      'dense1/kernel',
      'dense2/kernel',
    ]);
  });
});

describe('parameters', () => {
  it('are named in the order of the layers, with a kernel and a bias each', () => {
    const model = createModel(settings({ name: 'lenet' }), MNIST, 10);
    expect(model.parameters.map(({ name }) => name)).toEqual(
      ['conv1', 'conv2', 'dense1', 'logits'].flatMap((layer) => [`${layer}/kernel`, `${layer}/bias`]),
    );
    expect(model).toMatchObject({ inputShape: MNIST, classes: 10 });
  });

  it("start from the settings' initializer, with the initial bias in the convolutions only", () => {
    const model = createModel(
      settings({ name: 'lenet', initializer: 'glorotNormal', initialBias: 0.1 }),
      MNIST,
      10,
    );
    const initializerOf = (name: string) =>
      model.parameters.find((parameter) => parameter.name === name)?.initializer;
    expect(initializerOf('conv2/kernel')).toEqual({ kind: 'glorotNormal' });
    expect(initializerOf('logits/kernel')).toEqual({ kind: 'glorotNormal' });
    expect(initializerOf('conv1/bias')).toEqual({ kind: 'constant', value: 0.1 });
    expect(initializerOf('conv2/bias')).toEqual({ kind: 'constant', value: 0.1 });
    expect(initializerOf('dense1/bias')).toEqual({ kind: 'constant', value: 0 });
    expect(initializerOf('logits/bias')).toEqual({ kind: 'constant', value: 0 });
  });
});

describe('an image that is too small for LeNet', () => {
  it('is refused with both sizes named', () => {
    const create = () => createModel(settings({ name: 'lenet' }), [28, 12, 1], 10);
    expect(create).toThrow(UserError);
    expect(create).toThrow(
      'model "lenet" needs images of at least 13×13 pixels, but those of the data set are 28×12',
    );
  });

  it('is one below 13 pixels, since 13 → 9 → 5 → 1 still fits', () => {
    const model = createModel(settings({ name: 'lenet' }), [13, 13, 1], 10);
    expect(model.prunable[1]).toMatchObject({ shape: [50, 500] });
  });
});
