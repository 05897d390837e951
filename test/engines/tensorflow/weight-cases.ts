/** @file A step of passes over a weight, computed by td's kernels for TensorFlow and by plain loops. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import type { Native } from '../../../src/engines/tensorflow/native/load.ts';
import { dropCandidates, findLowest } from '../../../src/methods/masks.ts';
import { createNumbers } from '../../support/numbers.ts';

export interface Weight {
  readonly shape: readonly number[];
  /** How many of each column are candidates. */
  readonly share: number;
}

/** Columns that fill vectors and such that do not, few rows and many, one task and several. */
export const WEIGHTS: readonly Weight[] = [
  { shape: [4, 16], share: 0.5 },
  { shape: [7, 5], share: 0.75 },
  { shape: [784, 300], share: 0.75 },
  { shape: [3, 3, 16, 40], share: 0.9 },
  { shape: [1, 1, 33, 17], share: 0.33 },
  { shape: [2000, 50], share: 0.99 },
  { shape: [2, 600], share: 0.5 },
];

const DECAY = Math.fround(0.01);

/** A masked weight, its masked and decayed gradient with another sign, and the norm of that and of another one. */
export const weightPasses =
  (share: number): StepFunction =>
  ({ weight, other }, { drop, gradient }) => {
    const mask = dropCandidates(findLowest(weight as tf.Tensor, 'weight', share), {
      drop: drop as tf.Tensor,
    });
    const decayed = tf.add(tf.mul(gradient as tf.Tensor, mask), tf.mul(weight as tf.Tensor, DECAY));
    const norm = tf.sqrt(tf.addN([tf.sum(tf.square(decayed)), tf.sum(tf.square(other as tf.Tensor))]));
    return {
      state: {},
      fetches: { kept: tf.mul(weight as tf.Tensor, mask), decayed: tf.neg(decayed), norm },
    };
  };

export function signatureOf({ shape }: Weight): Signature {
  return {
    state: { weight: { shape, dtype: 'float32' }, other: { shape: [9], dtype: 'float32' } },
    feeds: { drop: { shape, dtype: 'bool' }, gradient: { shape, dtype: 'float32' } },
  };
}

export interface Arrays {
  readonly weight: Float32Array;
  readonly other: Float32Array;
  readonly gradient: Float32Array;
  readonly drop: Uint8Array;
}

/** Some weights are zero, and many share a magnitude. */
export function drawArrays({ shape }: Weight): Arrays {
  const numbers = createNumbers(7);
  const size = sizeOf(shape);
  return {
    weight: numbers
      .normal(size)
      .map((number, index) => (index % 3 === 0 ? Math.round(2 * number) / 2 : number)),
    other: numbers.normal(9),
    gradient: numbers.normal(size),
    drop: Uint8Array.from(numbers.normal(size), (number) => Number(number < 0.4)),
  };
}

export interface Passes {
  readonly kept: Float32Array;
  readonly decayed: Float32Array;
  readonly norm: number;
}

/** By sorting, element by element, in double precision. */
export function computePlainly({ shape, share }: Weight, arrays: Arrays): Passes {
  const { weight, other, gradient, drop } = arrays;
  const columns = shape.at(-1) ?? 1;
  const candidates = Math.floor((share * weight.length) / columns);
  const dropped = weight.map(() => 0);
  for (let column = 0; column < columns; column++) {
    const places = Array.from({ length: weight.length / columns }, (_, row) => row * columns + column);
    const magnitudes = places.map((place) => Math.abs(weight[place] ?? Number.NaN)).sort((a, b) => a - b);
    const threshold = magnitudes[candidates] ?? Number.POSITIVE_INFINITY;
    for (const place of places)
      dropped[place] = Number(Math.abs(weight[place] as number) < threshold && drop[place] === 1);
  }
  const kept = weight.map((number, place) => (dropped[place] ? 0 : number));
  const sums = gradient.map(
    (number, place) => (dropped[place] ? 0 : number) + DECAY * (weight[place] as number),
  );
  const squares = [...sums, ...other].reduce((sum, number) => sum + number * number, 0);
  return { kept, decayed: sums.map((number) => -number), norm: Math.sqrt(squares) };
}

export async function computeNatively(
  weight: Weight,
  { weight: data, other, gradient, drop }: Arrays,
  native: Native,
): Promise<Passes> {
  const program = compile(weightPasses(weight.share), signatureOf(weight), native);
  await program.writeState({ weight: data, other });
  const { kept, decayed, norm } = await program.run({ drop, gradient });
  program.dispose();
  return { kept: kept as Float32Array, decayed: decayed as Float32Array, norm: norm?.[0] ?? Number.NaN };
}

/** Of all bytes that TensorFlow computes of a weight. */
export async function hashOf(weight: Weight, native: Native): Promise<string> {
  const { kept, decayed, norm } = await computeNatively(weight, drawArrays(weight), native);
  const hash = createHash('sha256');
  for (const array of [kept, decayed, Float32Array.of(norm)])
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return hash.digest('hex');
}
