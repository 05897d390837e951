/** @file Convolutions of 3 × 3 with their gradients, computed by TensorFlow and by onnxruntime. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { type NamedArrays, sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { MINIMAL_FILTERING } from '../../../src/engines/minimal-filtering.ts';
import { chooseEngine } from '../../../src/engines/registry.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import type { Native } from '../../../src/engines/tensorflow/native/load.ts';
import type { Engine } from '../../../src/engines/types.ts';
import { createNumbers } from '../../support/numbers.ts';

export interface Layer {
  readonly images: readonly [count: number, height: number, width: number];
  readonly inputs: number;
  readonly filters: number;
  readonly strides?: number;
}

/** Whole tiles and parts of tiles, one block of channels and several, one part of a sum and many, more columns than a task takes. */
export const LAYERS: readonly Layer[] = [
  { images: [2, 8, 8], inputs: 16, filters: 16 },
  { images: [3, 5, 7], inputs: 32, filters: 16 },
  { images: [1, 4, 4], inputs: 16, filters: 48 },
  { images: [2, 6, 9], inputs: 64, filters: 32 },
  { images: [5, 7, 6], inputs: 48, filters: 144 },
  { images: [40, 8, 8], inputs: 16, filters: 64 },
  { images: [2, 4, 5], inputs: 272, filters: 272 },
];

/** Of channels that vectors of AVX2 divide alone. */
export const NARROW_LAYERS: readonly Layer[] = [
  { images: [3, 9, 5], inputs: 8, filters: 24 },
  { images: [2, 6, 6], inputs: 40, filters: 8 },
];

/** A convolution and both of its gradients. */
export const convolution =
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

export function signatureOf({
  images: [count, height, width],
  inputs,
  filters,
  strides = 1,
}: Layer): Signature {
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

export interface Comparison {
  /** The largest difference from onnxruntime, relative to the largest number. */
  readonly error: number;
  /** Of all bytes that TensorFlow has computed. */
  readonly hash: string;
}

/** onnxruntime, summing over every pixel. */
async function directEngine(): Promise<Engine> {
  const before = process.env.TD_SKIP_PASSES;
  process.env.TD_SKIP_PASSES = MINIMAL_FILTERING;
  try {
    return (await chooseEngine('onnx', { threads: 1 })).engine;
  } finally {
    if (before === undefined) delete process.env.TD_SKIP_PASSES;
    else process.env.TD_SKIP_PASSES = before;
  }
}

export async function compareLayer(layer: Layer, native: Native): Promise<Comparison> {
  const [step, signature] = [convolution(1), signatureOf(layer)];
  const numbers = createNumbers(5);
  const feeds: NamedArrays = Object.fromEntries(
    Object.entries(signature.feeds).map(([name, { shape }]) => [name, numbers.normal(sizeOf(shape))]),
  );
  const reference = await (await directEngine()).compile(step, signature);
  const expected = await reference.run(feeds);
  const program = compile(step, signature, native);
  const actual = await program.run(feeds);
  program.dispose();
  const hash = createHash('sha256');
  let error = 0;
  for (const [name, wanted] of Object.entries(expected)) {
    const found = actual[name] as Float32Array;
    if (found.length !== wanted.length) throw new Error(`${name} has ${found.length} numbers`);
    hash.update(new Uint8Array(found.buffer, found.byteOffset, found.byteLength));
    let [largest, difference] = [0, 0];
    wanted.forEach((number, index) => {
      largest = Math.max(largest, Math.abs(number));
      difference = Math.max(difference, Math.abs(number - (found[index] ?? Number.NaN)));
    });
    error = Math.max(error, difference / largest);
  }
  return { error, hash: hash.digest('hex') };
}
