/** @file Networks whose channels fill whole blocks: the blocked layout gives what the others give. */

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { createReferenceEngine } from '../../../src/engines/eager/engine.ts';
import { createOnnxEngine } from '../../../src/engines/onnx/engine.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { runOnce } from '../../support/engines.ts';
import { createNumbers } from '../../support/numbers.ts';

beforeAll(useCpuBackend);

interface Case {
  readonly image: readonly [height: number, width: number, channels: number];
  readonly filter: readonly [height: number, width: number, filters: number];
  readonly stride: number | [number, number];
  readonly padding: 'same' | 'valid';
  readonly batch?: number;
}

const cases: Readonly<Record<string, Case>> = {
  'one block in, one out': { image: [5, 6, 16], filter: [3, 3, 16], stride: 1, padding: 'same' },
  'two blocks in, three out': { image: [4, 5, 32], filter: [3, 3, 48], stride: 1, padding: 'same' },
  'filters of one pixel': { image: [4, 3, 32], filter: [1, 1, 16], stride: 1, padding: 'same' },
  'filters that are not square': { image: [6, 5, 16], filter: [2, 3, 32], stride: 1, padding: 'same' },
  'no padding': { image: [7, 6, 16], filter: [3, 2, 16], stride: 1, padding: 'valid' },
  'much larger than its output': { image: [5, 5, 16], filter: [4, 4, 16], stride: 1, padding: 'valid' },
  'steps of two': { image: [6, 8, 16], filter: [3, 3, 32], stride: 2, padding: 'same' },
  'steps of two on odd sizes': { image: [7, 5, 32], filter: [3, 3, 16], stride: 2, padding: 'same' },
  'steps of two without padding': { image: [8, 7, 16], filter: [3, 3, 16], stride: 2, padding: 'valid' },
  'steps of two and one pixel': { image: [6, 7, 16], filter: [1, 1, 32], stride: 2, padding: 'same' },
  'steps of three, wide filters': { image: [8, 9, 16], filter: [5, 4, 16], stride: 3, padding: 'same' },
  'steps of two down, one across': { image: [6, 6, 16], filter: [3, 3, 16], stride: [2, 1], padding: 'same' },
  'few channels in': { image: [6, 5, 3], filter: [5, 3, 16], stride: 1, padding: 'same' },
  'few channels in, steps of two': { image: [6, 7, 3], filter: [3, 3, 16], stride: 2, padding: 'same' },
  'one channel in, no padding': { image: [6, 6, 1], filter: [5, 5, 32], stride: 1, padding: 'valid' },
  'channels that fill no block': { image: [5, 5, 20], filter: [3, 3, 16], stride: 1, padding: 'same' },
  'filters that fill no block': { image: [5, 5, 16], filter: [3, 3, 10], stride: 1, padding: 'same' },
  'few filters, groups of a batch': {
    image: [5, 6, 16],
    filter: [3, 3, 16],
    stride: 1,
    padding: 'same',
    batch: 96,
  },
  'two blocks of filters, groups of a batch': {
    image: [4, 5, 16],
    filter: [3, 2, 32],
    stride: 1,
    padding: 'same',
    batch: 64,
  },
  'two blocks in, groups of a batch': {
    image: [5, 4, 32],
    filter: [1, 1, 48],
    stride: 2,
    padding: 'same',
    batch: 32,
  },
  'few channels in, groups of a batch': {
    image: [6, 5, 3],
    filter: [5, 3, 25],
    stride: 1,
    padding: 'same',
    batch: 64,
  },
  'small images of many channels, blocks of a batch': {
    image: [2, 3, 48],
    filter: [3, 3, 64],
    stride: 1,
    padding: 'same',
    batch: 32,
  },
  'a batch of a block and a half': {
    image: [5, 4, 16],
    filter: [3, 3, 32],
    stride: 1,
    padding: 'same',
    batch: 24,
  },
  'a batch of a single image': {
    image: [5, 4, 16],
    filter: [3, 3, 32],
    stride: 1,
    padding: 'same',
    batch: 1,
  },
  'a batch of a prime number of images': {
    image: [5, 4, 32],
    filter: [3, 3, 16],
    stride: 1,
    padding: 'same',
    batch: 13,
  },
  'a batch that fills no block': {
    image: [5, 5, 16],
    filter: [3, 3, 16],
    stride: 1,
    padding: 'same',
    batch: 10,
  },
};

/** Results and both gradients of a convolution, with the output's gradient depending on the output. */
function convolutionStep({ stride, padding }: Case): StepFunction {
  return (_, { x, filter }) => {
    const run = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
      tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, padding);
    const gradients = tf.grads((x, filter) => tf.sum(tf.square(run(x as tf.Tensor, filter as tf.Tensor))));
    const [dx, dFilter] = gradients([x as tf.Tensor, filter as tf.Tensor]) as [tf.Tensor, tf.Tensor];
    return { state: {}, fetches: { y: run(x as tf.Tensor, filter as tf.Tensor), dx, dFilter } };
  };
}

describe('a convolution with both gradients, in blocks', () => {
  it.each(Object.entries(cases))('agrees with the reference engine: %s', async (_, example) => {
    const [height, width, channels] = example.image;
    const [filterHeight, filterWidth, filters] = example.filter;
    const shapes = {
      x: [example.batch ?? 16, height, width, channels],
      filter: [filterHeight, filterWidth, channels, filters],
    };
    const signature: Signature = {
      state: {},
      feeds: {
        x: { shape: shapes.x, dtype: 'float32' },
        filter: { shape: shapes.filter, dtype: 'float32' },
      },
    };
    const numbers = createNumbers(7);
    const feeds = { x: numbers.normal(sizeOf(shapes.x)), filter: numbers.normal(sizeOf(shapes.filter)) };
    const step = convolutionStep(example);
    const compiled = await runOnce(await createOnnxEngine({ threads: 1 }), step, signature, { feeds });
    const expected = await runOnce(await createReferenceEngine(), step, signature, { feeds });
    // Sums of some thousand products of normal numbers: errors are measured against the largest sum.
    for (const name of ['y', 'dx', 'dFilter']) {
      const [actual, wanted] = [compiled.fetches[name], expected.fetches[name]] as [
        Float32Array,
        Float32Array,
      ];
      const scale = wanted.reduce((largest, number) => Math.max(largest, Math.abs(number)), 0);
      const difference = wanted.reduce(
        (largest, number, index) => Math.max(largest, Math.abs(number - (actual[index] ?? Number.NaN))),
        0,
      );
      expect(difference / scale, name).toBeLessThan(2e-6);
    }
  });
});
