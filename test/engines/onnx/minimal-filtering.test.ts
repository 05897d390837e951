/** @file Convolutions by minimal filtering on onnxruntime: what they give, and where they are taken. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { MINIMAL_FILTERING } from '../../../src/engines/minimal-filtering.ts';
import { createOnnxEngine } from '../../../src/engines/onnx/engine.ts';
import { planProgram } from '../../../src/engines/onnx/plan.ts';
import { at } from '../../../src/lookup.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { runOnce } from '../../support/engines.ts';
import { createNumbers } from '../../support/numbers.ts';

beforeAll(useCpuBackend);

interface Layer {
  readonly images: readonly [count: number, height: number, width: number];
  readonly inputs: number;
  readonly filters: number;
  readonly strides?: number;
  readonly padding?: 'same' | 'valid';
}

const LAYERS: Readonly<Record<string, Layer>> = {
  'whole tiles': { images: [2, 8, 8], inputs: 128, filters: 128 },
  'parts of tiles, more channels in than out': { images: [1, 7, 11], inputs: 144, filters: 128 },
  'a single tile, more channels out than in': { images: [3, 4, 4], inputs: 128, filters: 160 },
  'no margin': { images: [2, 10, 9], inputs: 128, filters: 128, padding: 'valid' },
  'filters so large that products are added up in groups': { images: [2, 4, 4], inputs: 512, filters: 384 },
};

/** The windows of so many images are transformed in two parts, one of which is smaller. */
const LARGE_BATCH: Layer = { images: [301, 8, 8], inputs: 128, filters: 128 };

/** Rounding of sums of hundreds of products, multiplied by the entries of the transforms; of the largest number. */
const ROUNDING = 2e-5;

/** Rounding of onnxruntime's sums over every pixel. */
const ROUNDING_OF_DIRECT_SUM = 1e-6;

/** A convolution, and the gradients of the sum of its result times `slope`. */
const convolution =
  ({ strides = 1, padding = 'same' }: Layer): StepFunction =>
  (_state, { x, filter, slope }) => {
    const convolve = (images: tf.Tensor, kernel: tf.Tensor) =>
      tf.conv2d(images as tf.Tensor4D, kernel as tf.Tensor4D, strides, padding);
    const weighted = (images: tf.Tensor, kernel: tf.Tensor) =>
      tf.sum(tf.mul(convolve(images, kernel), slope as tf.Tensor)) as tf.Scalar;
    const [dx, dfilter] = tf.grads(weighted)([x as tf.Tensor, filter as tf.Tensor]);
    const y = convolve(x as tf.Tensor, filter as tf.Tensor);
    return { state: {}, fetches: { y, dx: dx as tf.Tensor, dfilter: dfilter as tf.Tensor } };
  };

function signatureOf({ images, inputs, filters, strides = 1, padding = 'same' }: Layer): Signature {
  const [count, height, width] = images;
  const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
  const reach = padding === 'same' ? 0 : 2;
  return {
    state: {},
    feeds: {
      x: spec(count, height, width, inputs),
      filter: spec(3, 3, inputs, filters),
      slope: spec(
        count,
        Math.ceil((height - reach) / strides),
        Math.ceil((width - reach) / strides),
        filters,
      ),
    },
  };
}

type Arrays = Record<string, Float32Array>;

function createFeeds(signature: Signature): Arrays {
  const numbers = createNumbers(5);
  return Object.fromEntries(
    Object.entries(signature.feeds).map(([name, { shape }]) => [name, numbers.normal(sizeOf(shape))]),
  );
}

/** Result and gradients as sums over every pixel, channel and tap, in double precision. */
function sumDirectly(
  { images, inputs, filters, padding }: Layer,
  feeds: Arrays,
): Record<string, Float64Array> {
  const [count, height, width] = images;
  const margin = padding === 'valid' ? 0 : 1;
  const [rows, columns] = [height - 2 + 2 * margin, width - 2 + 2 * margin];
  const { x, filter, slope } = feeds as Record<'x' | 'filter' | 'slope', Float32Array>;
  const y = new Float64Array(slope.length);
  const dx = new Float64Array(x.length);
  const dfilter = new Float64Array(filter.length);
  for (let image = 0; image < count; image++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let tap = 0; tap < 9; tap++) {
          const [top, left] = [row + Math.floor(tap / 3) - margin, column + (tap % 3) - margin];
          if (top < 0 || top >= height || left < 0 || left >= width) continue;
          const to = ((image * rows + row) * columns + column) * filters;
          for (let input = 0; input < inputs; input++) {
            const from = ((image * height + top) * width + left) * inputs + input;
            const weights = (tap * inputs + input) * filters;
            const pixel = x[from] as number;
            let gradient = 0;
            for (let output = 0; output < filters; output++) {
              const [weight, dy] = [filter[weights + output] as number, slope[to + output] as number];
              (y[to + output] as number) += pixel * weight;
              (dfilter[weights + output] as number) += pixel * dy;
              gradient += weight * dy;
            }
            (dx[from] as number) += gradient;
          }
        }
  return { y, dx, dfilter };
}

async function compute(layer: Layer, threads: number, skip = ''): Promise<Arrays> {
  vi.stubEnv('TD_SKIP_PASSES', skip);
  try {
    const signature = signatureOf(layer);
    const engine = await createOnnxEngine({ threads });
    const { fetches } = await runOnce(engine, convolution(layer), signature, {
      feeds: createFeeds(signature),
    });
    return fetches as Arrays;
  } finally {
    vi.unstubAllEnvs();
  }
}

/** The largest difference, relative to the largest number. */
function errorOf(actual: Float32Array | undefined, expected: Float64Array): number {
  if (actual?.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [largest, difference] = [0, 0];
  expected.forEach((number, index) => {
    largest = Math.max(largest, Math.abs(number));
    difference = Math.max(difference, Math.abs(number - at(actual, index)));
  });
  return difference / largest;
}

/** Products of several matrices at once: nothing else in these steps has any. */
function countProducts(layer: Layer, { block = 16, skip = '' } = {}): number {
  const skipped = new Set(skip === '' ? [] : [skip]);
  const { step } = planProgram(convolution(layer), signatureOf(layer), { block, skip: skipped });
  return step.operations.filter(
    ({ op, outputs }) => (op === 'MatMul' || op === 'FusedMatMul') && at(outputs, 0).shape.length === 3,
  ).length;
}

describe('a convolution by minimal filtering', () => {
  it.each(Object.entries(LAYERS))(
    'gives the result and the gradients of a sum over every pixel, the same bits with any number of threads: %s',
    async (_, layer) => {
      const expected = sumDirectly(layer, createFeeds(signatureOf(layer)));
      const [one, two] = [await compute(layer, 1), await compute(layer, 2)];
      for (const name of ['y', 'dx', 'dfilter'])
        expect(errorOf(one[name], expected[name] as Float64Array), name).toBeLessThan(ROUNDING);
      expect(two).toEqual(one);
    },
  );

  it('is held to what onnxruntime gives, to its rounding, as a sum over every pixel', async () => {
    const layer = at(Object.values(LAYERS), 0);
    const expected = sumDirectly(layer, createFeeds(signatureOf(layer)));
    const direct = await compute(layer, 1, MINIMAL_FILTERING);
    for (const name of ['y', 'dx', 'dfilter'])
      expect(errorOf(direct[name], expected[name] as Float64Array), name).toBeLessThan(
        ROUNDING_OF_DIRECT_SUM,
      );
  });

  it('gives the same for a batch that is cut into parts', async () => {
    const [one, two] = [await compute(LARGE_BATCH, 1), await compute(LARGE_BATCH, 2)];
    const direct = await compute(LARGE_BATCH, 2, MINIMAL_FILTERING);
    for (const name of ['y', 'dx'])
      expect(errorOf(one[name], Float64Array.from(direct[name] ?? [])), name).toBeLessThan(ROUNDING);
    expect(two).toEqual(one);
  });

  it('multiplies once for the result and once for each gradient, and large filters in groups', () => {
    expect(countProducts(at(Object.values(LAYERS), 0))).toBe(3);
    expect(countProducts({ images: [16, 4, 4], inputs: 512, filters: 512 })).toBe(3 * 3);
  });

  it('multiplies large batches in parts, and leaves their filter gradient to a sum over every pixel', () => {
    expect(countProducts(LARGE_BATCH)).toBe(2 * 2);
    expect(countProducts({ ...LARGE_BATCH, images: [301, 16, 16] })).toBe(2 * 5);
  });

  it.each([
    ['of a stride of two', { images: [2, 8, 8], inputs: 128, filters: 128, strides: 2 }],
    ['of few channels in', { images: [2, 8, 8], inputs: 112, filters: 128 }],
    ['of few filters', { images: [2, 8, 8], inputs: 128, filters: 112 }],
    ['of channels that fill no block', { images: [2, 8, 8], inputs: 132, filters: 128 }],
    [
      'of images so large that the windows of one take much memory',
      { images: [1, 144, 144], inputs: 128, filters: 128 },
    ],
    ['of images that waste most of a tile', { images: [2, 5, 5], inputs: 128, filters: 128 }],
  ] as const)('is not taken for one %s', (_, layer) => {
    expect(countProducts(layer)).toBe(0);
  });

  it('is left out with its pass, and where images are not kept in blocks', () => {
    const layer = at(Object.values(LAYERS), 0);
    expect(countProducts(layer, { skip: MINIMAL_FILTERING })).toBe(0);
    expect(countProducts(layer, { block: 0 })).toBe(0);
  });
});
