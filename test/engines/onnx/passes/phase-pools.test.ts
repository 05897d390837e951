/** @file Pools by comparisons of the pixels of a window: what they give, and where they are taken. */
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
import { createTrainingCase, METHODS } from '../../../support/training-cases.ts';

beforeAll(useCpuBackend);

interface Layer {
  readonly batch: number;
  readonly image: readonly [height: number, width: number, channels: number];
  readonly filter: readonly [height: number, width: number, filters: number];
  readonly padding: 'valid' | 'same';
}

const LAYERS: readonly Layer[] = [
  { batch: 4, image: [12, 12, 1], filter: [5, 5, 6], padding: 'valid' },
  { batch: 3, image: [8, 6, 3], filter: [3, 3, 5], padding: 'same' },
  { batch: 2, image: [7, 9, 2], filter: [2, 4, 3], padding: 'valid' },
  { batch: 2, image: [4, 4, 1], filter: [1, 1, 2], padding: 'same' },
  { batch: 3, image: [6, 4, 2], filter: [1, 1, 7], padding: 'same' },
];
const [LENET] = LAYERS as [Layer];

interface Options {
  readonly window?: number;
  /** Whether the gradient of the images is asked for, too. */
  readonly throughImages?: boolean;
  readonly rectified?: boolean;
}

/** A pooled convolution and gradients of its sum, weighted; of the filter and its bias, and of the images where that is wanted. */
function stepOf(
  { padding }: Layer,
  { window = 2, throughImages = false, rectified = true }: Options = {},
): StepFunction {
  const pooled = (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor): tf.Tensor => {
    const sums = tf.add(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, padding), bias);
    return tf.maxPool((rectified ? tf.relu(sums) : sums) as tf.Tensor4D, window, window, 'valid');
  };
  return (_, { x, filter, bias, slope }) => {
    const given = [x, filter, bias] as [tf.Tensor, tf.Tensor, tf.Tensor];
    const weighted = (...all: tf.Tensor[]): tf.Scalar => {
      const [images = x as tf.Tensor, kernel, shift] = throughImages ? all : [x as tf.Tensor, ...all];
      return tf.sum(tf.mul(pooled(images, kernel as tf.Tensor, shift as tf.Tensor), slope as tf.Tensor));
    };
    const gradients = tf.grads(weighted)(throughImages ? given : given.slice(1));
    const named = Object.fromEntries(gradients.map((gradient, index) => [`gradient${index}`, gradient]));
    return { state: {}, fetches: { y: pooled(...given), ...named } };
  };
}

function signatureOf({ batch, image, filter, padding }: Layer, window = 2): Signature {
  const [height, width, channels] = image;
  const [tall, wide, filters] = filter;
  const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
  const extents = padding === 'same' ? [height, width] : [height - tall + 1, width - wide + 1];
  return {
    state: {},
    feeds: {
      x: spec(batch, height, width, channels),
      filter: spec(tall, wide, channels, filters),
      bias: spec(filters),
      slope: spec(batch, ...extents.map((extent) => Math.floor(extent / window)), filters),
    },
  };
}

/** Images of few grey levels, as digits have them: many pixels of a window are equal. */
function drawFeeds(layer: Layer, window?: number) {
  const numbers = createNumbers(3);
  const { feeds } = signatureOf(layer, window);
  const drawn = Object.entries(feeds).map(
    ([name, { shape }]) => [name, numbers.normal(sizeOf(shape))] as const,
  );
  return Object.fromEntries(
    drawn.map(([name, array]) => [
      name,
      name === 'x' ? array.map((number) => Math.max(0, Math.round(number))) : array,
    ]),
  );
}

const operatorsOf = (layer: Layer, options: Options = {}, skip: readonly string[] = []): string[] =>
  planProgram(stepOf(layer, options), signatureOf(layer, options.window), {
    skip: new Set(skip),
  }).step.operations.map(({ op }) => op);

describe('a pooled convolution and its gradients', () => {
  it.each(LAYERS)('are those of the reference engine, equal maxima included: %o', async (layer) => {
    expect(operatorsOf(layer)).not.toContain('MaxPool');
    const run = async (engine: Engine) =>
      (await runOnce(engine, stepOf(layer), signatureOf(layer), { feeds: drawFeeds(layer) })).fetches;
    const expected = await run(await createReferenceEngine());
    const found = await run(await createOnnxEngine({ threads: 2 }));
    expect(Object.keys(expected)).toHaveLength(3);
    expect(largestDifference(found, expected).difference).toBeLessThan(1e-5);
  });

  it('are found image by image, unless filters are more than their places', () => {
    const groups = (layer: Layer): unknown[] =>
      planProgram(stepOf(layer), signatureOf(layer)).step.operations.flatMap(({ op, attributes }) =>
        op === 'Conv' && attributes.group !== undefined ? [attributes.group] : [],
      );
    expect(LAYERS.map(groups)).toEqual([[4, 4, 4, 4], [3, 3, 3, 3], [2, 2, 2, 2], [2, 2, 2, 2], []]);
  });

  it.each(LAYERS)('are the same without gradients: %o', async (layer) => {
    const forward: StepFunction = (...given) => {
      const { y } = stepOf(layer)(...given).fetches;
      return { state: {}, fetches: { y: y as tf.Tensor } };
    };
    const plan = planProgram(forward, signatureOf(layer));
    expect(plan.step.operations.map(({ op }) => op)).not.toContain('MaxPool');
    const left = planProgram(forward, signatureOf(layer), { target: 'webgpu' });
    expect(left.step.operations.map(({ op }) => op)).toContain('MaxPool');
    const engine = await createOnnxEngine({ threads: 2 });
    const run = async (step: StepFunction) =>
      (await runOnce(engine, step, signatureOf(layer), { feeds: drawFeeds(layer) })).fetches.y;
    expect(await run(forward)).toEqual(await run(stepOf(layer)));
  });

  it.each([
    ['beside each other', [1, 3, 1, 0, 0, 0]],
    ['on both diagonals', [0, 1, 3, 3, 1, 0]],
  ])('go to the first of equal maxima alone: %s', async (_, pixels) => {
    // Sums of two pixels; the windows of the two largest hold the same numbers the other way round.
    const layer: Layer = { batch: 2, image: [2, 3, 1], filter: [1, 2, 2], padding: 'valid' };
    const feeds = {
      x: Float32Array.from([...pixels, ...pixels.map(() => 0)]),
      filter: Float32Array.of(1, 1, 1, 1),
      bias: Float32Array.of(0.5, 0.5),
      slope: Float32Array.of(10, 0, 0, 0),
    };
    expect(operatorsOf(layer)).not.toContain('MaxPool');
    const engine = await createOnnxEngine({ threads: 1 });
    const { y, ...gradients } = (await runOnce(engine, stepOf(layer), signatureOf(layer), { feeds })).fetches;
    expect([...(y ?? [])]).toEqual([4.5, 4.5, 0.5, 0.5]);
    expect(Object.values(gradients).map((array) => [...array])).toEqual([
      [10, 0, 30, 0],
      [10, 0],
    ]);
  });

  it.each<[string, Layer, Options]>([
    ['the gradient of the images is wanted, too', LENET, { throughImages: true }],
    ['nothing rectifies it', LENET, { rectified: false }],
    ['windows are larger', { ...LENET, image: [13, 13, 1] }, { window: 3 }],
    ['windows do not cover the images', { ...LENET, image: [11, 12, 1] }, {}],
    ['filters have many taps', { ...LENET, image: [12, 12, 3] }, {}],
  ])('have positions of maxima where %s', (_, layer, options) => {
    expect(operatorsOf(layer, options)).toContain('MaxUnpool');
  });

  it('are part of the step of a network', () => {
    const { compiled } = createTrainingCase(
      'pooledLenet',
      METHODS['targeted dropout of units'] ?? { name: 'none' },
    );
    const pools = (skip: readonly string[]): number =>
      planProgram(compiled.step, compiled.signature, { skip: new Set(skip) }).step.operations.filter(
        ({ op }) => op === 'MaxUnpool',
      ).length;
    // The second convolution has many taps.
    expect([pools(['phase-pools']), pools([])]).toEqual([2, 1]);
  });

  it('have them where the pass is left out', () => {
    expect(operatorsOf(LENET, {}, ['phase-pools'])).toContain('MaxUnpool');
  });
});
