/** @file The networks' parameters and prunable weights, counted by hand. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../src/arrays.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { UserError } from '../../src/errors.ts';
import { createModel, type ModelSettings, models } from '../../src/models/registry.ts';
import { countParameters } from '../../src/pruning/accounting.ts';

const MNIST = [28, 28, 1] as const;
const CIFAR = [32, 32, 3] as const;

function settings(model: object): ModelSettings {
  return runSettingsSchema.parse({ model }).model;
}

describe('every model', () => {
  it.each([...models])(
    '$name fits on a line of help, and stands in README and docs/methods.md',
    ({ name, summary }) => {
      const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
      expect(summary.length).toBeLessThanOrEqual(64);
      expect(read('docs/methods.md')).toContain(`\n| \`${name}\` |`);
      expect(read('README.md')).toMatch(new RegExp(`model: \\{.*\\b${name}\\b`));
    },
  );
});

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

/** Kernels of the residual stages, as sizes: two 3×3 convolutions a unit and a 1×1 shortcut a stage. */
function stageWeights(filters: readonly number[], units: number): number {
  return filters.slice(1).reduce((sum, width, stage) => {
    const inputs = Number(filters[stage]);
    return sum + 9 * inputs * width + (2 * units - 1) * 9 * width * width + inputs * width;
  }, 0);
}

/** Scale and shift of two normalisations a unit, on its inputs and between its convolutions, and of the last one. */
function normParameters(filters: readonly number[], units: number): number {
  const channels = filters.slice(1).reduce(
    (sum, width, stage) => {
      return sum + Number(filters[stage]) + (2 * units - 1) * width;
    },
    Number(filters.at(-1)),
  );
  return 2 * channels;
}

const total = (shapes: readonly { readonly shape: readonly number[] }[]): number =>
  shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

describe("the paper's ResNet-32", () => {
  const model = createModel(settings({ name: 'resnet' }), CIFAR, 10);

  it('has 1,857,498 parameters: no convolution has a bias, and moving averages are not counted', () => {
    // First convolution 7·7·3·16, stages, batch normalisation, logits 128·10 + 10.
    const [stages, norms] = [stageWeights([16, 32, 64, 128], 5), normParameters([16, 32, 64, 128], 5)];
    expect([stages, norms]).toEqual([1_849_344, 4_512]);
    expect(2_352 + stages + norms + 1_290).toBe(1_857_498);
    expect(countParameters(model)).toBe(1_857_498);
    expect(model.parameters.filter(({ role }) => role === 'bias').map(({ name }) => name)).toEqual([
      'logits/bias',
    ]);
  });

  it('has 1,849,344 prunable weights in 2,464 filters: all convolutions but the first, shortcuts included', () => {
    expect(total(model.prunable)).toBe(1_849_344);
    // Ten convolutions and a shortcut in each stage.
    expect(11 * (32 + 64 + 128)).toBe(2_464);
    expect(model.prunable.reduce((sum, { shape }) => sum + Number(shape.at(-1)), 0)).toBe(2_464);
    expect(model.prunable).toHaveLength(33);
    expect(model.prunable.some(({ name }) => name === 'conv1/kernel' || name.startsWith('logits'))).toBe(
      false,
    );
  });

  it('halves the image in the first unit of the second and third stage', () => {
    const sideOf = (weight: string) =>
      model.prunable.find(({ name }) => name === `${weight}/kernel`)?.outputShape;
    expect(sideOf('stage1.unit1.conv1')).toEqual([32, 32, 32]);
    expect(sideOf('stage2.unit1.conv1')).toEqual([16, 16, 64]);
    expect(sideOf('stage2.unit1.shortcut')).toEqual([16, 16, 64]);
    expect(sideOf('stage3.unit5.conv2')).toEqual([8, 8, 128]);
  });

  it('has 468,890 parameters with the usual 16, 16, 32, 64 filters', () => {
    const filters = [16, 16, 32, 64];
    const narrow = createModel(settings({ name: 'resnet', filters }), CIFAR, 10);
    expect(2_352 + stageWeights(filters, 5) + normParameters(filters, 5) + 650).toBe(468_890);
    expect(countParameters(narrow)).toBe(468_890);
  });
});

describe('VGG-16', () => {
  const model = createModel(settings({ name: 'vgg' }), CIFAR, 100);

  it('has the published 14,710,464 weights in its convolutions, and on small images 512 features behind them', () => {
    const convolutions = model.parameters.filter(
      ({ name, role }) => role === 'kernel' && name.includes('conv'),
    );
    expect(convolutions).toHaveLength(13);
    expect(total(convolutions)).toBe(14_710_464);
    // Norms of 4,224 filters and 8,192 units, 512·4096 + 4096·4096, logits 4096·100 + 100.
    expect(countParameters(model)).toBe(14_710_464 + 2 * (4_224 + 8_192) + 18_874_368 + 409_700);
  });

  it('prunes all of its kernels but the first and the logits', () => {
    expect(total(model.prunable)).toBe(14_710_464 - 3 * 9 * 64 + 18_874_368);
    expect(model.prunable.map(({ name }) => name).slice(0, 2)).toEqual([
      'group1.conv2/kernel',
      'group2.conv1/kernel',
    ]);
    expect(model.prunable.slice(-2)).toEqual([
      { name: 'dense1/kernel', shape: [512, 4096], layer: 'dense', outputShape: [4096] },
      { name: 'dense2/kernel', shape: [4096, 4096], layer: 'dense', outputShape: [4096] },
    ]);
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
