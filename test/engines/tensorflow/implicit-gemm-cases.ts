/** @file Convolutions without a margin, with their gradients, computed by TensorFlow and by plain loops. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { type NamedArrays, sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import type { Native } from '../../../src/engines/tensorflow/native/load.ts';
import { createNumbers } from '../../support/numbers.ts';
import { largestError } from '../../support/own-kernels.ts';

export interface WindowLayer {
  readonly images: readonly [count: number, height: number, width: number];
  readonly inputs: number;
  /** `[height, width, filters]` */
  readonly filter: readonly [number, number, number];
}

/**
 * One channel and many, filters that fill panels of 16 and 32, a part of one or several; windows in sixes and twelves, in fours and what is
 * left; more windows than are spread at a time; fewer images than parts of a sum; a filter as large as the image; one and two columns behind the last whole
 * vector, of windows whose rows fill vectors and such that do not.
 */
export const WINDOW_LAYERS: readonly WindowLayer[] = [
  { images: [3, 12, 12], inputs: 20, filter: [5, 5, 50] },
  { images: [9, 28, 28], inputs: 1, filter: [5, 5, 20] },
  { images: [2, 7, 9], inputs: 3, filter: [3, 2, 33] },
  { images: [1, 5, 4], inputs: 6, filter: [5, 4, 1] },
  { images: [17, 6, 11], inputs: 16, filter: [1, 3, 7] },
  { images: [2, 6, 7], inputs: 9, filter: [3, 4, 33] },
  { images: [3, 5, 4], inputs: 10, filter: [2, 4, 17] },
  { images: [10, 5, 6], inputs: 16, filter: [2, 5, 34] },
];

export const windows: StepFunction = (_state, { x, filter, slope }) => {
  const convolve = (images: tf.Tensor, kernel: tf.Tensor) =>
    tf.conv2d(images as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'valid');
  const weighted = (images: tf.Tensor, kernel: tf.Tensor) =>
    tf.sum(tf.mul(convolve(images, kernel), slope as tf.Tensor)) as tf.Scalar;
  const [dx, dfilter] = tf.grads(weighted)([x as tf.Tensor, filter as tf.Tensor]);
  const y = convolve(x as tf.Tensor, filter as tf.Tensor);
  return { state: {}, fetches: { y, dx: dx as tf.Tensor, dfilter: dfilter as tf.Tensor } };
};

export function signatureOf({ images: [count, height, width], inputs, filter }: WindowLayer): Signature {
  const [tall, wide, filters] = filter;
  const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
  return {
    state: {},
    feeds: {
      x: spec(count, height, width, inputs),
      filter: spec(tall, wide, inputs, filters),
      slope: spec(count, height - tall + 1, width - wide + 1, filters),
    },
  };
}

export interface WindowComparison {
  /** The largest difference from plain loops, relative to the largest number. */
  readonly error: number;
  /** Of all bytes that TensorFlow has computed. */
  readonly hash: string;
}

export async function compareWindows(layer: WindowLayer, native: Native): Promise<WindowComparison> {
  const signature = signatureOf(layer);
  const numbers = createNumbers(5);
  const feeds: NamedArrays = Object.fromEntries(
    Object.entries(signature.feeds).map(([name, { shape }]) => [name, numbers.normal(sizeOf(shape))]),
  );
  const program = compile(windows, signature, native);
  const actual = await program.run(feeds);
  program.dispose();
  const hash = createHash('sha256');
  const wanted = sumPlainly(layer, feeds);
  for (const name of Object.keys(wanted)) {
    const { buffer, byteOffset, byteLength } = actual[name] as Float32Array;
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  const error = largestError(wanted, actual);
  return { error, hash: hash.digest('hex') };
}

/** In double precision: every product of a pixel, a filter's weight and a slope, where each of the three sums has it. */
function sumPlainly(layer: WindowLayer, { x, filter, slope }: NamedArrays): Record<string, Float64Array> {
  const [count, height, width] = layer.images;
  const [tall, wide, filters] = layer.filter;
  const { inputs } = layer;
  const [down, across] = [height - tall + 1, width - wide + 1];
  const [y, dx, dfilter] = [slope, x, filter].map((array) => new Float64Array(array?.length ?? 0)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let place = 0; place < count * down * across; place++) {
    const [image, row, column] = [
      Math.floor(place / across / down),
      Math.floor(place / across) % down,
      place % across,
    ];
    for (let window = 0; window < tall * wide * inputs; window++) {
      const [line, rest] = [Math.floor(window / inputs / wide), window % (wide * inputs)];
      const pixel = ((image * height + row + line) * width + column) * inputs + rest;
      for (let out = 0; out < filters; out++) {
        const [weight, result] = [window * filters + out, place * filters + out];
        const [value, factor, slant] = [x?.[pixel] ?? 0, filter?.[weight] ?? 0, slope?.[result] ?? 0];
        y[result] = (y[result] ?? 0) + value * factor;
        dx[pixel] = (dx[pixel] ?? 0) + slant * factor;
        dfilter[weight] = (dfilter[weight] ?? 0) + slant * value;
      }
    }
  }
  return { y, dx, dfilter };
}
