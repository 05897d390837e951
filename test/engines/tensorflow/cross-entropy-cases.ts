/** @file Losses of logits, right answers and gradients, computed by td's kernel for TensorFlow and by plain loops. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import type { Native } from '../../../src/engines/tensorflow/native/load.ts';
import { crossEntropy, isCorrect, toOneHot } from '../../../src/training/loss.ts';
import { createNumbers } from '../../support/numbers.ts';

export interface Logits {
  readonly batch: number;
  readonly classes: number;
  /** Standard deviation. */
  readonly spread: number;
}

/** Classes that fill vectors and such that do not, few rows and such that several threads share; small logits and some that leave nothing to the others. */
export const LOGITS: readonly Logits[] = [
  { batch: 128, classes: 10, spread: 1 },
  { batch: 700, classes: 100, spread: 5 },
  { batch: 7, classes: 3, spread: 40 },
  { batch: 5, classes: 16, spread: 0.01 },
  { batch: 33, classes: 17, spread: 200 },
  { batch: 2, classes: 1, spread: 1 },
];

export interface Classified {
  readonly losses: Float32Array;
  readonly right: Float32Array;
  readonly gradient: Float32Array;
}

/** Losses, right answers, and what the mean of the losses depends on the logits. */
export const classify =
  (classes: number): StepFunction =>
  (_, { logits, labels }) => {
    const oneHot = toOneHot(labels as tf.Tensor, classes);
    const meanLoss = (x: tf.Tensor): tf.Scalar => tf.mean(crossEntropy(x, oneHot));
    return {
      state: {},
      fetches: {
        losses: crossEntropy(logits as tf.Tensor, oneHot),
        right: isCorrect(logits as tf.Tensor, labels as tf.Tensor),
        gradient: tf.grad(meanLoss)(logits as tf.Tensor),
      },
    };
  };

export function signatureOf({ batch, classes }: Logits): Signature {
  return {
    state: {},
    feeds: {
      logits: { shape: [batch, classes], dtype: 'float32' },
      labels: { shape: [batch], dtype: 'int32' },
    },
  };
}

/** Labels of every other row are those of its largest logit; in every third row two logits are the largest, of which a label names the second in every other one. */
export function drawLogits({ batch, classes, spread }: Logits): { logits: Float32Array; labels: Int32Array } {
  const numbers = createNumbers(13);
  const logits = numbers.normal(batch * classes).map((number) => number * spread);
  const labels = Int32Array.from(
    numbers.normal(batch),
    (number) => Math.floor(Math.abs(number) * 1e4) % classes,
  );
  for (let row = 0; row < batch; row++) {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    if (row % 3 === 0) own[classes - 1] = Math.max(...own);
    if (row % 6 === 0) labels[row] = classes - 1;
    if (row % 2 === 1) labels[row] = own.indexOf(Math.max(...own));
  }
  return { logits, labels };
}

/** Row by row, in double precision. */
export function classifyPlainly(
  { batch, classes }: Logits,
  { logits, labels }: ReturnType<typeof drawLogits>,
): Record<keyof Classified, Float64Array> {
  const found = {
    losses: new Float64Array(batch),
    right: new Float64Array(batch),
    gradient: new Float64Array(batch * classes),
  };
  for (let row = 0; row < batch; row++) {
    const own = [...logits.subarray(row * classes, (row + 1) * classes)];
    const label = labels[row] as number;
    const largest = Math.max(...own);
    const powers = own.map((logit) => Math.exp(logit - largest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    found.losses[row] = Math.log(total) - ((own[label] as number) - largest);
    found.right[row] = Number(own.indexOf(largest) === label);
    powers.forEach((power, column) => {
      found.gradient[row * classes + column] = (power / total - Number(column === label)) / batch;
    });
  }
  return found;
}

export async function classifyNatively(
  shape: Logits,
  native: Native,
  feeds = drawLogits(shape),
  skip: readonly string[] = [],
): Promise<Classified> {
  const program = compile(classify(shape.classes), signatureOf(shape), native, {}, new Set(skip));
  const found = await program.run(feeds);
  program.dispose();
  return found as unknown as Classified;
}

/** Of all bytes that TensorFlow computes. */
export async function hashOf(shape: Logits, native: Native): Promise<string> {
  const hash = createHash('sha256');
  for (const array of Object.values(await classifyNatively(shape, native)))
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return hash.digest('hex');
}
