/** @file Batch normalisation with ReLU and its gradients, by td's kernel for TensorFlow and by plain loops. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { type NamedArrays, sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import type { Native } from '../../../src/engines/tensorflow/native/load.ts';
import type { SavedModelOptions } from '../../../src/engines/tensorflow/saved-model.ts';
import { batchNorm } from '../../../src/models/batch-norm.ts';
import { createNumbers } from '../../support/numbers.ts';
import { largestError } from '../../support/own-kernels.ts';

export type ImagesShape = readonly [count: number, height: number, width: number, channels: number];

/** One vector of channels, two, three, four and more; one part of rows, several, and such that are not full. */
export const IMAGES: readonly ImagesShape[] = [
  [2, 3, 3, 16],
  [3, 5, 7, 32],
  [1, 9, 2, 48],
  [2, 4, 4, 64],
  [3, 4, 5, 144],
  [40, 11, 11, 16],
  [9, 16, 16, 80],
];

const EPSILON = 1e-3;

/** y, its mean and variance as the averages take them, and the gradients of the sum of slope · y. */
export const normWithRelu: StepFunction = (state, { x, slope }) =>
  normalise(state, x as tf.Tensor, slope as tf.Tensor);

/** The same of what a convolution gives, which in bfloat16 is x rounded to it, and of the sum of that and its negative half. */
export const normOfConvolution: StepFunction = (state, { x, slope }) => {
  const channels = x?.shape[3] ?? 0;
  const convolve = (factor: number) =>
    tf.conv2d(
      x as tf.Tensor4D,
      tf.mul(tf.eye(channels), factor).reshape([1, 1, channels, channels]) as tf.Tensor4D,
      1,
      'same',
    );
  const { fetches } = normalise(state, convolve(1), slope as tf.Tensor);
  return {
    state: {},
    fetches: { ...fetches, sum: tf.mul(tf.add(convolve(1), convolve(-0.5)), tf.onesLike(x as tf.Tensor)) },
  };
};

function normalise(state: Readonly<Record<string, tf.Tensor>>, x: tf.Tensor, slope: tf.Tensor) {
  const averages: Record<string, tf.Tensor> = {};
  const { scale, shift } = state as { scale: tf.Tensor; shift: tf.Tensor };
  const activate = (images: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
    const parameters: Record<string, tf.Tensor> = { 'n/scale': a, 'n/shift': b };
    const layers = {
      training: true,
      // Averages that begin with zeros, and of which nothing is kept.
      parameter: (name: string) => parameters[name] ?? tf.zeros(scale.shape),
      update: (name: string, value: tf.Tensor) => {
        averages[name] = value;
      },
    };
    return tf.relu(batchNorm(images, 'n', layers, { momentum: 0, epsilon: EPSILON }));
  };
  const weighted = (images: tf.Tensor, a: tf.Tensor, b: tf.Tensor) =>
    tf.sum(tf.mul(activate(images, a, b), slope)) as tf.Scalar;
  const [dx, dscale, dshift] = tf.grads(weighted)([x, scale, shift]);
  const y = activate(x, scale, shift);
  return {
    state: {},
    fetches: {
      y,
      mean: averages['n/mean'] as tf.Tensor,
      variance: averages['n/variance'] as tf.Tensor,
      dx: dx as tf.Tensor,
      dscale: dscale as tf.Tensor,
      dshift: dshift as tf.Tensor,
    },
  };
}

export function signatureOf(shape: ImagesShape): Signature {
  const images = { shape, dtype: 'float32' as const };
  const vector = { shape: shape.slice(-1), dtype: 'float32' as const };
  return { state: { scale: vector, shift: vector }, feeds: { x: images, slope: images } };
}

export type Results = Readonly<Record<'y' | 'mean' | 'variance' | 'dx' | 'dscale' | 'dshift', Float32Array>>;

type Arrays = Readonly<Record<'x' | 'slope' | 'scale' | 'shift', Float32Array>>;

/** Channels have means of up to three deviations, to one side. */
export function drawArrays(shape: ImagesShape): Arrays {
  const numbers = createNumbers(11);
  const channels = shape[3];
  const x = numbers
    .normal(sizeOf(shape))
    .map((number, place) => number + ((place % channels) * 3) / channels);
  return {
    x,
    slope: numbers.normal(sizeOf(shape)),
    scale: numbers.normal(channels),
    shift: numbers.normal(channels),
  };
}

/** Ioffe and Szegedy 2015, algorithm 1 and section 3, in double precision, channel by channel. */
export function computePlainly(
  shape: ImagesShape,
  { x, slope, scale, shift }: Arrays = drawArrays(shape),
): Results {
  const channels = shape[3];
  const count = x.length / channels;
  const [y, dx] = [new Float32Array(x.length), new Float32Array(x.length)];
  const [mean, variance, dscale, dshift] = Array.from({ length: 4 }, () => new Float32Array(channels)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let channel = 0; channel < channels; channel++) {
    const places = Array.from({ length: count }, (_, row) => row * channels + channel);
    const average = (of: (place: number) => number) =>
      places.reduce((sum, place) => sum + of(place), 0) / count;
    const [a, b] = [scale[channel] as number, shift[channel] as number];
    const centre = average((place) => x[place] as number);
    const spread = average((place) => ((x[place] as number) - centre) ** 2);
    const normal = (place: number) => ((x[place] as number) - centre) / Math.sqrt(spread + EPSILON);
    const dy = (place: number) => (a * normal(place) + b > 0 ? (slope[place] as number) : 0);
    const [meanDy, meanProduct] = [average(dy), average((place) => dy(place) * normal(place))];
    for (const place of places) {
      y[place] = Math.max(0, a * normal(place) + b);
      dx[place] = (a / Math.sqrt(spread + EPSILON)) * (dy(place) - meanDy - normal(place) * meanProduct);
    }
    mean[channel] = centre;
    variance[channel] = (spread * count) / (count - 1);
    dshift[channel] = meanDy * count;
    dscale[channel] = meanProduct * count;
  }
  return { y, mean, variance, dx, dscale, dshift };
}

export async function computeNatively(shape: ImagesShape, native: Native): Promise<Results> {
  return (await run(normWithRelu, shape, native)) as Results;
}

async function run(
  step: StepFunction,
  shape: ImagesShape,
  native: Native,
  options: SavedModelOptions = {},
  { x, slope, scale, shift } = drawArrays(shape),
): Promise<NamedArrays> {
  const program = compile(step, signatureOf(shape), native, options);
  await program.writeState({ scale, shift });
  const results = await program.run({ x, slope });
  program.dispose();
  return results;
}

/** What `normOfConvolution` gives where images stay in bfloat16. */
export function computeKept(
  shape: ImagesShape,
  native: Native,
  arrays = drawArrays(shape),
): Promise<NamedArrays> {
  return run(normOfConvolution, shape, native, { bfloat16: 'kept' }, arrays);
}

/** Largest difference of any result, each in units of its largest number. */
export async function errorOf(shape: ImagesShape, native: Native): Promise<number> {
  return largestError(computePlainly(shape), await computeNatively(shape, native));
}

/** Of all bytes that TensorFlow computes of images. */
export async function hashOf(shape: ImagesShape, native: Native): Promise<string> {
  return hash(await computeNatively(shape, native));
}

/** The same of images that stay in bfloat16. */
export async function hashKept(shape: ImagesShape, native: Native): Promise<string> {
  return hash(await computeKept(shape, native));
}

function hash(arrays: NamedArrays): string {
  const made = createHash('sha256');
  for (const array of Object.values(arrays))
    made.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return made.digest('hex');
}
