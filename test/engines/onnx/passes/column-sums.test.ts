/** @file Transposed convolutions as a product and sums: what they give, and where they are taken. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { sizeOf } from '../../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../../src/compiler/step.ts';
import { createReferenceEngine } from '../../../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../../../src/engines/onnx/engine.ts';
import { planProgram } from '../../../../src/engines/onnx/plan.ts';
import type { Engine } from '../../../../src/engines/types.ts';
import { useCpuBackend } from '../../../support/cpu-backend.ts';
import { largestDifference, runOnce } from '../../../support/engines.ts';
import { createNumbers } from '../../../support/numbers.ts';
import { createTrainingCase } from '../../../support/training-cases.ts';

beforeAll(useCpuBackend);

interface Layer {
  readonly batch: number;
  readonly image: readonly [height: number, width: number, channels: number];
  readonly filter: readonly [height: number, width: number, filters: number];
  readonly stride: number | [number, number];
  readonly padding: 'valid' | 'same';
}

/** Filters so large, or steps so wide, that no convolution with the turned filter gives the gradient. */
const LAYERS: Readonly<Record<string, Layer>> = {
  'no padding': { batch: 3, image: [7, 6, 3], filter: [5, 5, 4], stride: 1, padding: 'valid' },
  'filters that are not square': {
    batch: 2,
    image: [6, 9, 2],
    filter: [2, 5, 3],
    stride: 1,
    padding: 'valid',
  },
  'steps of two': { batch: 2, image: [7, 9, 3], filter: [3, 3, 5], stride: 2, padding: 'same' },
  'steps of two, rows left unseen': {
    batch: 2,
    image: [8, 6, 3],
    filter: [3, 3, 5],
    stride: 2,
    padding: 'valid',
  },
  'steps of three down, one across': {
    batch: 2,
    image: [9, 6, 2],
    filter: [4, 3, 3],
    stride: [3, 1],
    padding: 'same',
  },
  'steps of two across, more zeros on the right': {
    batch: 2,
    image: [6, 7, 2],
    filter: [5, 4, 3],
    stride: [1, 2],
    padding: 'same',
  },
  'a single image and channel': {
    batch: 1,
    image: [5, 5, 1],
    filter: [3, 3, 1],
    stride: 1,
    padding: 'valid',
  },
};
const NO_PADDING = LAYERS['no padding'] as Layer;

const stepOf =
  ({ stride, padding }: Layer): StepFunction =>
  (_, { x, filter }) => {
    const loss = (images: tf.Tensor): tf.Scalar =>
      tf.sum(tf.square(tf.conv2d(images as tf.Tensor4D, filter as tf.Tensor4D, stride, padding)));
    return { state: {}, fetches: { gradient: tf.grad(loss)(x as tf.Tensor) } };
  };

function signatureOf({ batch, image, filter }: Layer): Signature {
  const [height, width, channels] = image;
  const [tall, wide, filters] = filter;
  const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
  return {
    state: {},
    feeds: { x: spec(batch, height, width, channels), filter: spec(tall, wide, channels, filters) },
  };
}

const operatorsOf = (layer: Layer, options: Parameters<typeof planProgram>[2] = {}): string[] =>
  planProgram(stepOf(layer), signatureOf(layer), options).step.operations.map(({ op }) => op);

describe('the gradient of a convolution with respect to its images', () => {
  it.each(Object.entries(LAYERS))('is that of the reference engine: %s', async (_, layer) => {
    expect(operatorsOf(layer)).toContain('Col2Im');
    expect(operatorsOf(layer)).not.toContain('ConvTranspose');
    const signature = signatureOf(layer);
    const numbers = createNumbers(5);
    const feeds = Object.fromEntries(
      Object.entries(signature.feeds).map(([name, { shape }]) => [
        name,
        numbers.normal(sizeOf(shape)).map((number) => number / 4),
      ]),
    );
    const run = async (engine: Engine) =>
      (await runOnce(engine, stepOf(layer), signature, { feeds })).fetches;
    const expected = await run(await createReferenceEngine());
    const found = await run(await createOnnxEngine({ threads: 2 }));
    expect(expected.gradient).toHaveLength(sizeOf([layer.batch, ...layer.image]));
    expect(largestDifference(found, expected).difference).toBeLessThan(1e-5);
  });

  it('is a transposed convolution where the pass is left out, and on graphics cards', () => {
    for (const options of [{ skip: new Set(['column-sums']) }, { target: 'webgpu' as const }])
      expect(operatorsOf(NO_PADDING, options)).toEqual(expect.arrayContaining(['ConvTranspose']));
  });

  it('is one where its contributions take more than 20 MB', () => {
    // 3 channels × 25 taps × 6 positions of 4 bytes each for an image.
    const most = Math.floor((20 * 2 ** 20) / (3 * 25 * 6 * 4));
    expect(operatorsOf({ ...NO_PADDING, batch: most })).toContain('Col2Im');
    expect(operatorsOf({ ...NO_PADDING, batch: most + 1 })).toContain('ConvTranspose');
  });

  it('is part of the step of LeNet-5', () => {
    const { compiled } = createTrainingCase('lenet', { name: 'none' });
    const { operations } = planProgram(compiled.step, compiled.signature).step;
    expect(operations.filter(({ op }) => op === 'Col2Im')).toHaveLength(1);
  });
});
