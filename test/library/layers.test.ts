/** @file The layers in models of tfjs: what they compute, how they learn, and that they survive being saved. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { TargetedConv2d, TargetedDense } from '../../src/library/layers.ts';
import { countWeights, pruneModel } from '../../src/library/models.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import { naiveConvolution, naiveMatMul } from '../support/naive-layers.ts';
import { lowColumns, lowEntries, normal, without } from './by-hand.ts';

beforeAll(useCpuBackend);

const numbersOf = (tensor: tf.Tensor | undefined) =>
  [...(tensor?.dataSync() ?? [])].map((value) => value + 0);
const closeTo = (numbers: readonly number[]) => numbers.map((number) => expect.closeTo(number, 4));
/** A call as in training. */
const train = (layer: tf.layers.Layer, x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;

describe('TargetedDense', () => {
  const [INPUTS, UNITS] = [6, 4];
  const config = { units: UNITS, inputShape: [INPUTS], dropRate: 1, targetRate: 0.5 };

  it.each(['weight', 'unit'] as const)(
    'multiplies by the kernel without its candidates (%s)',
    (granularity) => {
      const layer = new TargetedDense({ ...config, granularity });
      const x = normal([3, INPUTS], 4);
      layer.build([null, INPUTS]);
      layer.setWeights([normal([INPUTS, UNITS], 5), tf.tensor1d([1, 2, 3, 4])]);
      const kernel = numbersOf(layer.getWeights()[0]);
      const low = granularity === 'weight' ? lowEntries : lowColumns;
      const dropped = without(kernel, low(kernel, UNITS, 0.5));
      const byHand = naiveMatMul(numbersOf(x), dropped, INPUTS, UNITS).map(
        (sum, index) => sum + 1 + (index % UNITS),
      );
      expect(numbersOf(train(layer, x))).toEqual(closeTo(byHand));
      // Evaluation takes the kernel as it is.
      const whole = naiveMatMul(numbersOf(x), kernel, INPUTS, UNITS).map(
        (sum, index) => sum + 1 + (index % UNITS),
      );
      expect(numbersOf(layer.apply(x) as tf.Tensor)).toEqual(closeTo(whole));
      expect(numbersOf(layer.getWeights()[0])).toEqual(kernel);
    },
  );

  it('learns in model.fit as by hand: what is dropped has no gradient', async () => {
    const model = tf.sequential({ layers: [new TargetedDense({ ...config, useBias: false })] });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: tf.losses.meanSquaredError });
    const [x, y] = [normal([5, INPUTS], 4), normal([5, UNITS], 6)];
    const kernel = numbersOf(model.getWeights()[0]);
    const low = lowEntries(kernel, UNITS, 0.5);
    await model.fit(x, y, { epochs: 1, batchSize: 5, shuffle: false, verbose: 0 });
    const output = naiveMatMul(numbersOf(x), without(kernel, low), INPUTS, UNITS);
    // d/dw of the mean of (x·w − y)² over 5 × UNITS numbers.
    const errors = output.map((value, index) => (2 * (value - (numbersOf(y)[index] ?? 0))) / (5 * UNITS));
    const transposed = numbersOf(tf.transpose(x));
    const gradient = naiveMatMul(transposed, errors, 5, UNITS);
    const learned = kernel.map((entry, index) => (low[index] ? entry : entry - 0.1 * (gradient[index] ?? 0)));
    expect(numbersOf(model.getWeights()[0])).toEqual(closeTo(learned));
    expect(low.filter(Boolean)).toHaveLength(12);
  });

  it('draws a new mask at each step, the same in each layer of its seed and name', () => {
    const masks = (seed: number, name = 'first') => {
      const layer = new TargetedDense({
        units: 8,
        dropRate: 0.5,
        targetRate: 1,
        seed,
        name,
        kernelInitializer: 'ones',
      });
      const identity = tf.eye(8);
      return [0, 1].map(() => numbersOf(train(layer, identity)).join());
    };
    const [one, two] = masks(7);
    expect(one).not.toBe(two);
    expect(masks(7)).toEqual([one, two]);
    expect(masks(8)).not.toContain(one);
    expect(masks(7, 'second')).not.toContain(one);
  });

  it.each([
    [{ dropRate: 2 }, 'dropRate is 2, expected a number from 0 to 1'],
    [{ targetRate: -0.1 }, 'targetRate is -0.1, expected a number from 0 to 1'],
    [{ granularity: 'filter' as 'unit' }, 'granularity is "filter", expected "weight" or "unit"'],
    [{ seed: 1.5 }, 'seed is 1.5, expected an integer from 0'],
    [
      { gamma: 0.9 },
      'TargetedDense has no option "gamma", expected one of: units, granularity, dropRate, targetRate',
    ],
    [{ filters: 3 }, 'TargetedDense has no option "filters", expected one of: units'],
  ])('refuses %j when it is made', (wrong, sentence) => {
    expect(() => new TargetedDense({ units: 2, ...wrong })).toThrow(RangeError);
    expect(() => new TargetedDense({ units: 2, ...wrong })).toThrow(sentence);
  });
});

describe('TargetedConv2d', () => {
  const FILTERS = 4;
  const config = { filters: FILTERS, kernelSize: 3, inputShape: [5, 5, 2], dropRate: 1, targetRate: 0.5 };

  it.each(['weight', 'unit'] as const)(
    'convolves with the filters without their candidates (%s)',
    (granularity) => {
      const layer = new TargetedConv2d({ ...config, granularity });
      const x = normal([2, 5, 5, 2], 4);
      layer.build([null, 5, 5, 2]);
      layer.setWeights([normal([3, 3, 2, FILTERS], 1), tf.zeros([FILTERS])]);
      const kernel = numbersOf(layer.getWeights()[0]);
      const low = granularity === 'weight' ? lowEntries : lowColumns;
      const grid = { data: numbersOf(x), shape: [2, 5, 5, 2] } as const;
      const byHand = naiveConvolution(grid, without(kernel, low(kernel, FILTERS, 0.5)), 3, FILTERS);
      expect(numbersOf(train(layer, x))).toEqual(closeTo(byHand.data));
      expect(numbersOf(layer.apply(x) as tf.Tensor)).toEqual(
        closeTo(naiveConvolution(grid, kernel, 3, FILTERS).data),
      );
    },
  );
});

describe('a model', () => {
  const build = () =>
    tf.sequential({
      layers: [
        new TargetedConv2d({
          filters: 6,
          kernelSize: 3,
          inputShape: [6, 6, 1],
          activation: 'relu',
          granularity: 'unit',
          dropRate: 0.4,
          targetRate: 0.6,
          seed: 3,
          kernelRegularizer: tf.regularizers.l2({ l2: 0.01 }),
        }),
        tf.layers.flatten(),
        new TargetedDense({ units: 10, activation: 'softmax', seed: 3 }),
      ],
    });
  const images = () => normal([4, 6, 6, 1], 7);

  it('has its targeting when it is saved and loaded, and predicts the same', async () => {
    const model = build();
    let saved: tf.io.ModelArtifacts | undefined;
    const dateSaved = new Date(0);
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved, modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved as tf.io.ModelArtifacts));
    expect(loaded.layers[0]).toBeInstanceOf(TargetedConv2d);
    expect(loaded.layers.map((layer) => layer.getConfig())).toEqual(
      model.layers.map((layer) => layer.getConfig()),
    );
    expect(loaded.layers[0]?.getConfig()).toMatchObject({
      granularity: 'unit',
      dropRate: 0.4,
      targetRate: 0.6,
      seed: 3,
    });
    const predict = (which: tf.LayersModel) => numbersOf(which.predict(images()) as tf.Tensor);
    expect(predict(loaded)).toEqual(predict(model));
    const again = await tf.models.modelFromJSON(model.toJSON(undefined, false) as never);
    expect(again.layers[2]).toBeInstanceOf(TargetedDense);
  });

  it('is pruned within wrappers, too, which drop in training', async () => {
    const inner = new TargetedDense({ units: 4, useBias: false });
    const model = tf.sequential({
      layers: [tf.layers.timeDistributed({ layer: inner, inputShape: [3, 5] }), tf.layers.flatten()],
    });
    const loaded = await tf.models.modelFromJSON(model.toJSON(undefined, false) as never);
    for (const one of [model, loaded])
      expect(pruneModel(one, { granularity: 'unit', rate: 0.5 })).toEqual({
        total: 20,
        kept: 10,
        sparsity: 0.5,
      });
  });

  it('is counted once in each layer, however often it stands in the model', () => {
    const shared = new TargetedDense({ units: 5, inputShape: [5], useBias: false });
    const inner = tf.sequential({ layers: [shared] });
    const input = tf.input({ shape: [3, 5] });
    const each = tf.layers.timeDistributed({ layer: inner });
    const again = tf.layers.timeDistributed({ layer: shared });
    const outputs = again.apply(each.apply(input)) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs });
    expect(countWeights(model)).toEqual({ total: 25, kept: 25, sparsity: 0 });
    expect(pruneModel(model, { rate: 0.4 })).toEqual({ total: 25, kept: 15, sparsity: 0.4 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'is not pruned at all where a kernel holds %d, of which no ranking would remove anything',
    (wrong) => {
      const make = (name: string) => new TargetedDense({ units: 2, inputShape: [2], useBias: false, name });
      const layers = [make(`sound${wrong}`), make(`diverged${wrong}`)];
      const model = tf.sequential({ layers });
      layers[1]?.setWeights([tf.tensor2d([wrong, 1, 2, 3], [2, 2])]);
      const before = numbersOf(layers[0]?.getWeights()[0]);
      expect(() => pruneModel(model, { rate: 1 })).toThrow(
        new RangeError(
          `the kernel of layer "diverged${wrong}" has 1 entry that is not finite, expected numbers`,
        ),
      );
      expect(numbersOf(layers[0]?.getWeights()[0])).toEqual(before);
    },
  );

  it('is named if it is none of the tfjs at hand', () => {
    expect(() => countWeights({ layers: [] } as never)).toThrow(
      'the model is an object, expected a model of',
    );
  });

  it.each<[string, unknown, string]>([
    ['no options', undefined, 'rate is missing, expected a number from 0 to 1'],
    ['a rate in quotes', { rate: '0.5' }, 'rate is "0.5", expected a number from 0 to 1'],
    ['a rate of null', { rate: null }, 'rate is null, expected a number from 0 to 1'],
  ])('is not pruned by %s', (_, options, said) => {
    const model = tf.sequential({ layers: [new TargetedDense({ units: 4, inputShape: [5] })] });
    expect(() => pruneModel(model, options as never)).toThrow(new RangeError(said));
    expect(() => new TargetedDense({ units: 4, dropRate: '0.5' as never })).toThrow(
      new RangeError('dropRate is "0.5", expected a number from 0 to 1'),
    );
  });

  it('is pruned in its targeted layers alone, and counted', () => {
    const model = build();
    const biases = [1, 3].map((index) => numbersOf(model.getWeights()[index]));
    const counts = pruneModel(model, { granularity: 'weight', rate: 0.5 });
    // 9 rows of 6 filters, of which 4 go; 96 rows of 10 units, of which 48 go.
    expect(counts).toEqual({ total: 54 + 960, kept: 54 - 24 + 480, sparsity: 1 - 510 / 1014 });
    expect(countWeights(model)).toEqual(counts);
    expect([1, 3].map((index) => numbersOf(model.getWeights()[index]))).toEqual(biases);
    const outer = tf.sequential({ layers: [build(), tf.layers.dense({ units: 2 })] });
    expect(pruneModel(outer, { granularity: 'unit', rate: 0.5 })).toMatchObject({
      total: 1014,
      kept: 27 + 480,
    });
    expect(() =>
      pruneModel(tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] }), { rate: 0.5 }),
    ).toThrow('the model has no targeted layer, expected at least one');
  });

  it('keeps more of its accuracy when it is pruned than one that was trained without', async () => {
    // Two classes of points in 32 dimensions, each of which tells a little of the class.
    const labels = Array.from({ length: 256 }, (_, index) => index % 2);
    const points = tf.add(
      normal([256, 32], 4),
      tf.mul(0.4, tf.sub(tf.mul(2, tf.tensor2d(labels, [256, 1])), 1)),
    );
    const lossPruned = async (dropRate: number, seed: number) => {
      const layer = new TargetedDense({
        name: 'only',
        units: 1,
        inputShape: [32],
        activation: 'sigmoid',
        seed,
        dropRate,
        targetRate: 0.75,
        kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
      });
      const model = tf.sequential({ layers: [layer] });
      model.compile({ optimizer: tf.train.sgd(0.3), loss: 'binaryCrossentropy' });
      await model.fit(points, tf.tensor2d(labels, [256, 1]), {
        epochs: 12,
        batchSize: 32,
        shuffle: false,
        verbose: 0,
      });
      pruneModel(model, { rate: 0.75 });
      return (model.evaluate(points, tf.tensor2d(labels, [256, 1])) as tf.Scalar).dataSync()[0] ?? 0;
    };
    const seeds = [0, 1, 2];
    const losses = await Promise.all(seeds.map((seed) => lossPruned(0.66, seed)));
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / seeds.length;
    // Without drops there is nothing to draw.
    expect(mean).toBeLessThan(0.95 * (await lossPruned(0, 0)));
  });
});
