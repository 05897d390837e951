/** @file td's own kernels of convolutions on TensorFlow: what they give, and where they are taken. */
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { type NamedArrays, sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { chooseEngine } from '../../../src/engines/registry.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { MINIMAL_FILTERING } from '../../../src/engines/tensorflow/passes/optimize.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { createNumbers } from '../../support/numbers.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase } from '../../support/training-cases.ts';

interface Layer {
  readonly images: readonly [count: number, height: number, width: number];
  readonly inputs: number;
  readonly filters: number;
  readonly strides?: number;
}

/** Whole tiles and parts of tiles, one block of channels and several, one part of a sum and many, more columns than a task takes. */
const LAYERS: readonly Layer[] = [
  { images: [2, 8, 8], inputs: 16, filters: 16 },
  { images: [3, 5, 7], inputs: 32, filters: 16 },
  { images: [1, 4, 4], inputs: 16, filters: 48 },
  { images: [2, 6, 9], inputs: 64, filters: 32 },
  { images: [5, 7, 6], inputs: 48, filters: 144 },
  { images: [40, 8, 8], inputs: 16, filters: 64 },
  { images: [2, 4, 5], inputs: 272, filters: 272 },
];

/** A convolution and both of its gradients. */
const convolution =
  (strides: number): StepFunction =>
  (_state, { x, filter, slope }) => {
    const convolve = (images: tf.Tensor, kernel: tf.Tensor) =>
      tf.conv2d(images as tf.Tensor4D, kernel as tf.Tensor4D, strides, 'same');
    const weighted = (images: tf.Tensor, kernel: tf.Tensor) =>
      tf.sum(tf.mul(convolve(images, kernel), slope as tf.Tensor)) as tf.Scalar;
    const [dx, dfilter] = tf.grads(weighted)([x as tf.Tensor, filter as tf.Tensor]);
    const y = convolve(x as tf.Tensor, filter as tf.Tensor);
    return { state: {}, fetches: { y, dx: dx as tf.Tensor, dfilter: dfilter as tf.Tensor } };
  };

function signatureOf({ images: [count, height, width], inputs, filters, strides = 1 }: Layer): Signature {
  const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
  return {
    state: {},
    feeds: {
      x: spec(count, height, width, inputs),
      filter: spec(3, 3, inputs, filters),
      slope: spec(count, Math.ceil(height / strides), Math.ceil(width / strides), filters),
    },
  };
}

const drawFeeds = (signature: Signature): NamedArrays => {
  const numbers = createNumbers(5);
  const drawn = Object.entries(signature.feeds).map(([name, { shape }]) => [
    name,
    numbers.normal(sizeOf(shape)),
  ]);
  return Object.fromEntries(drawn);
};

describeTensorflow('a convolution by minimal filtering', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });

  it('is what processors with AVX2 or AVX-512 compute', () => {
    if (process.arch === 'x64') expect([8, 16]).toContain(native.lanes);
  });

  const countKernels = (step: StepFunction, signature: Signature, skip?: string): number =>
    planProgram(step, signature, new Set(skip ? [skip] : []), native.lanes).rest.operations.filter(({ op }) =>
      op.startsWith('Convolve'),
    ).length;

  it.skipIf(native.lanes === 0).each(LAYERS)(
    'gives the result and the gradients of a sum over every pixel, and the same bits every time: %o',
    async (layer) => {
      const signature = signatureOf(layer);
      const feeds = drawFeeds(signature);
      const step = convolution(1);
      expect(countKernels(step, signature)).toBe(3);
      const { engine } = await chooseEngine('onnx', { threads: 2 });
      const reference = await engine.compile(step, signature);
      const expected = await reference.run(feeds);
      const program = compile(step, signature, native);
      const actual = await program.run(feeds);
      expect(await program.run(feeds)).toEqual(actual);
      program.dispose();
      for (const [name, wanted] of Object.entries(expected)) {
        const found = actual[name] as Float32Array;
        expect(found.length).toBe(wanted.length);
        let [largest, error] = [0, 0];
        wanted.forEach((number, index) => {
          largest = Math.max(largest, Math.abs(number));
          error = Math.max(error, Math.abs(number - (found[index] ?? Number.NaN)));
        });
        // Rounding of sums of hundreds of products, multiplied by the entries of the transforms.
        expect(error / largest, name).toBeLessThan(2e-5);
      }
    },
  );

  it.each([
    ['of a stride of two', { ...(LAYERS[0] as Layer), strides: 2 }],
    ['of channels that fill no vector', { images: [2, 8, 8], inputs: 16, filters: 12 }],
    ['of images smaller than a tile', { images: [2, 3, 8], inputs: 16, filters: 16 }],
  ] as const)("is left to TensorFlow's own kernels: one %s", (_, layer) => {
    expect(countKernels(convolution('strides' in layer ? layer.strides : 1), signatureOf(layer))).toBe(0);
  });

  it('is left out with its pass', () => {
    const layer = LAYERS[0] as Layer;
    expect(countKernels(convolution(1), signatureOf(layer), MINIMAL_FILTERING)).toBe(0);
  });

  it.skipIf(native.lanes === 0)('is part of the step of a network', () => {
    const { compiled } = createTrainingCase('blockedResnet', { name: 'none' });
    expect(countKernels(compiled.step, compiled.signature)).toBeGreaterThan(0);
  });
});
