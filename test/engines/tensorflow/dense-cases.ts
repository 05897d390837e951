/** @file Two dense layers and their gradients, by td's kernels for TensorFlow and by plain loops. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { sizeOf } from '../../../src/arrays.ts';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import type { Native } from '../../../src/engines/tensorflow/native/load.ts';
import { createNumbers } from '../../support/numbers.ts';
import { largestError } from '../../support/own-kernels.ts';

export interface Layers {
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  /** Of the numbers that are fed, the share that is zero; none if absent. */
  readonly zeros?: number;
}

/** Columns that fill vectors and panels and such that do not, rows of every remainder, one task and many, a depth of several parts, zeros that are left out. */
export const LAYERS: readonly Layers[] = [
  { batch: 5, inputs: 7, hidden: 3, outputs: 2 },
  { batch: 1, inputs: 16, hidden: 16, outputs: 32 },
  { batch: 130, inputs: 33, hidden: 48, outputs: 65 },
  { batch: 128, inputs: 90, hidden: 300, outputs: 10 },
  { batch: 200, inputs: 10, hidden: 130, outputs: 1 },
  { batch: 18, inputs: 2100, hidden: 40, outputs: 5 },
  { batch: 130, inputs: 333, hidden: 130, outputs: 5, zeros: 0.9 },
];

const DECAY = Math.fround(0.01);

/** ReLU(x · w + b) · v + c, and gradients of the sum of slope times that: of x and v as they are, of w with decay and turned round. */
export const denseLayers: StepFunction = ({ w, b, v, c }, { x, slope }) => {
  const layers = (images: tf.Tensor, first: tf.Tensor, second: tf.Tensor) => {
    const hidden = tf.relu(tf.add(tf.matMul(images as tf.Tensor2D, first as tf.Tensor2D), b as tf.Tensor));
    const outputs = tf.add(tf.matMul(hidden as tf.Tensor2D, second as tf.Tensor2D), c as tf.Tensor);
    return { hidden, outputs };
  };
  const weighted = (images: tf.Tensor, first: tf.Tensor, second: tf.Tensor) =>
    tf.sum(tf.mul(layers(images, first, second).outputs, slope as tf.Tensor)) as tf.Scalar;
  const given = [x, w, v] as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [dx, dw, dv] = tf.grads(weighted)(given) as [tf.Tensor, tf.Tensor, tf.Tensor];
  return {
    state: {},
    // What an optimizer keeps is not joined, and so not what a step returns.
    fetches: { ...layers(...given), dx, dw: tf.neg(tf.add(dw, tf.mul(w as tf.Tensor, DECAY))), dv },
  };
};

export function signatureOf({ batch, inputs, hidden, outputs }: Layers): Signature {
  const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
  return {
    state: { w: spec(inputs, hidden), b: spec(hidden), v: spec(hidden, outputs), c: spec(outputs) },
    feeds: { x: spec(batch, inputs), slope: spec(batch, outputs) },
  };
}

type Arrays = Readonly<Record<'w' | 'b' | 'v' | 'c' | 'x' | 'slope', Float32Array>>;
export type Results = Readonly<Record<'hidden' | 'outputs' | 'dx' | 'dw' | 'dv', Float32Array>>;

export function drawArrays(layers: Layers): Arrays {
  const numbers = createNumbers(5);
  const { state, feeds } = signatureOf(layers);
  const drawn = Object.entries({ ...state, ...feeds }).map(([name, { shape }]) => [
    name,
    numbers.normal(sizeOf(shape)),
  ]);
  const arrays = Object.fromEntries(drawn) as Arrays;
  const chances = numbers.uniform(arrays.x.length);
  return {
    ...arrays,
    x: arrays.x.map((number, place) => (at(chances, place) < (layers.zeros ?? 0) ? 0 : number)),
  };
}

const at = (array: ArrayLike<number>, index: number): number => array[index] as number;

/** In double precision. */
export function computePlainly(
  { batch, inputs, hidden, outputs }: Layers,
  { w, b, v, c, x, slope }: Arrays,
): Results {
  /** Σ over depth of f(row, column, depth), for each row and column. */
  const product = (
    rows: number,
    columns: number,
    depth: number,
    f: (i: number, j: number, k: number) => number,
  ) => {
    const result = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < depth; k++) sum += f(i, j, k);
        result[i * columns + j] = sum;
      }
    return result;
  };
  const before = product(batch, hidden, inputs, (i, j, k) => at(x, i * inputs + k) * at(w, k * hidden + j));
  const activated = before.map((sum, place) => Math.max(0, sum + at(b, place % hidden)));
  const last = product(
    batch,
    outputs,
    hidden,
    (i, j, k) => at(activated, i * hidden + k) * at(v, k * outputs + j),
  );
  const passed = product(
    batch,
    hidden,
    outputs,
    (i, j, k) => at(slope, i * outputs + k) * at(v, j * outputs + k),
  ).map((sum, place) => (at(activated, place) > 0 ? sum : 0));
  return {
    hidden: Float32Array.from(activated),
    outputs: Float32Array.from(last, (sum, place) => sum + at(c, place % outputs)),
    dx: Float32Array.from(
      product(batch, inputs, hidden, (i, j, k) => at(passed, i * hidden + k) * at(w, j * hidden + k)),
    ),
    dw: Float32Array.from(
      product(inputs, hidden, batch, (i, j, k) => at(x, k * inputs + i) * at(passed, k * hidden + j)),
      (sum, place) => -sum - DECAY * at(w, place),
    ),
    dv: Float32Array.from(
      product(
        hidden,
        outputs,
        batch,
        (i, j, k) => at(activated, k * hidden + i) * at(slope, k * outputs + j),
      ),
    ),
  };
}

export async function computeNatively(
  layers: Layers,
  native: Native,
  arrays = drawArrays(layers),
): Promise<Results> {
  const { x, slope, ...state } = arrays;
  const program = compile(denseLayers, signatureOf(layers), native);
  await program.writeState({ ...state });
  const results = await program.run({ x, slope });
  program.dispose();
  return results as Results;
}

/** Largest difference of any result, each in units of its largest number. */
export async function errorOf(layers: Layers, native: Native): Promise<number> {
  return largestError(computePlainly(layers, drawArrays(layers)), await computeNatively(layers, native));
}

/** Of all bytes that TensorFlow computes. */
export async function hashOf(layers: Layers, native: Native): Promise<string> {
  const hash = createHash('sha256');
  for (const array of Object.values(await computeNatively(layers, native)))
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return hash.digest('hex');
}
