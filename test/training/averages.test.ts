/** @file Averages that are taken anew against the moments of each batch, worked out by plain loops. */
import { describe, expect, it } from 'vitest';
import { type NamedArrays, sizeOf } from '../../src/arrays.ts';
import type { Dataset } from '../../src/data/types.ts';
import { createReferenceEngine } from '../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import { permutation } from '../../src/random/streams.ts';
import { AveragesTaker } from '../../src/training/averages.ts';
import { createSetup } from '../../src/training/setup.ts';
import { naiveMoments } from '../support/naive-batch-norm.ts';
import { naiveConvolution } from '../support/naive-layers.ts';
import { createNumbers } from '../support/numbers.ts';
import { smallSettings } from './small-mnist.ts';

const [SIDE, IMAGES, BATCH, USED, SEED] = [6, 20, 4, 10, 3];
const numbers = createNumbers(5);
const split = {
  count: IMAGES,
  images: Uint8Array.from(numbers.uniform(IMAGES * SIDE * SIDE), (value) => 256 * value),
  labels: new Uint8Array(IMAGES),
};
const dataset = { imageShape: [SIDE, SIDE, 1], classes: 2, train: split, test: split } as unknown as Dataset;

function setUp() {
  const settings = smallSettings({
    model: { name: 'resnet', filters: [3, 4], units: 1 },
    regularizer: { name: 'dropout', granularity: 'weight', dropRate: 0.5 },
    schedule: { batchSize: BATCH, epochs: 1 },
  });
  return createSetup(settings, dataset);
}

/** Batches of 4 of the first 10 images in an order drawn for the seed; the last one reaches back. */
function batchesByHand(): number[][] {
  const order = permutation({ seed: SEED, purpose: 'recalibration/shuffle', index: 0 }, IMAGES);
  return [0, 4, 6].map((start) =>
    [...order.slice(start, start + BATCH)].flatMap((image) =>
      Array.from(split.images.slice(image * SIDE * SIDE, (image + 1) * SIDE * SIDE), (byte) => byte / 255),
    ),
  );
}

/** Three zeros on each side, so that a 7×7 filter gives an image of the same size. */
function padByHand(data: readonly number[]): Parameters<typeof naiveConvolution>[0] {
  const wide = SIDE + 6;
  const padded = Array.from({ length: BATCH * wide * wide }, (_, index) => {
    const [image, row, column] = [
      Math.floor(index / (wide * wide)),
      Math.floor(index / wide) % wide,
      index % wide,
    ].map((value, axis) => (axis === 0 ? value : value - 3)) as [number, number, number];
    const isInside = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
    return isInside ? (data[(image * SIDE + row) * SIDE + column] ?? Number.NaN) : 0;
  });
  return { data: padded, shape: [BATCH, wide, wide, 1] };
}

/** The first norm stands behind the first convolution alone, which no method changes. */
function firstMomentsByHand(state: NamedArrays): { mean: number[]; variance: number[] } {
  const kernel = [...(state['conv1/kernel'] as Float32Array)];
  const moments = batchesByHand().map((data) => {
    const { data: output } = naiveConvolution(padByHand(data), kernel, 7, 3);
    const { mean, variance, count } = naiveMoments([...output], 3);
    return { mean, variance: variance.map((value) => (value * count) / (count - 1)) };
  });
  const average = (key: 'mean' | 'variance') =>
    [0, 1, 2].map((channel) => moments.reduce((sum, one) => sum + Number(one[key][channel]) / 3, 0));
  return { mean: average('mean'), variance: average('variance') };
}

describe.each([
  ['reference', createReferenceEngine],
  ['onnx', createOnnxEngine],
])('averages taken anew on the engine %s', (_name, createEngine) => {
  it('are means over batches of the mean and the unbiased variance, of training images in an order of the seed', async () => {
    const setup = await setUp();
    const { model } = setup;
    const state = Object.fromEntries(
      model.parameters.map(({ name, shape }) => [name, numbers.normal(sizeOf(shape))]),
    );
    const engine = await createEngine();
    const taken: NamedArrays[] = [];
    for (const keepsNoise of [false, true]) {
      const taker = await AveragesTaker.create(engine, setup, dataset, { count: USED, keepsNoise });
      taken.push(await taker.take(state, SEED));
      taker.dispose();
    }
    const [plain = {}, noisy = {}] = taken;
    const averages = model.parameters.filter(({ role }) => role === 'average').map(({ name }) => name);
    expect(Object.keys(plain).sort()).toEqual(averages.sort());
    const expected = firstMomentsByHand(state);
    for (const found of taken) {
      for (const key of ['mean', 'variance'] as const)
        [...(found[`stage1.unit1.norm1/${key}`] as Float32Array)].forEach((value, channel) => {
          expect(value).toBeCloseTo(expected[key][channel] ?? Number.NaN, 3);
        });
    }
    // Behind a kernel that is dropped from, the noise shows; in front of it, it does not.
    expect(noisy['stage1.unit1.norm2/variance']).not.toEqual(plain['stage1.unit1.norm2/variance']);
  });

  it('need as many training images as are asked for', async () => {
    const creation = AveragesTaker.create(await createEngine(), await setUp(), dataset, {
      count: 21,
      keepsNoise: false,
    });
    await expect(creation).rejects.toThrow('--recalibrate is 21, expected at most the 20 training images');
  });
});
