/** @file Batch normalisation, with the statistics of the batch in training and moving averages in evaluation. */
import * as tf from '@tensorflow/tfjs';
import type { BatchNormSettings, Layers } from './types.ts';

/** The part of `Layers` that batch normalisation uses. */
export type BatchNormLayers = Pick<Layers, 'training' | 'parameter' | 'update'>;

/** Statistics of a batch, over every axis but the last. */
interface Moments {
  /** `[channels]` */
  readonly mean: tf.Tensor;
  /** `[channels]`, the mean squared deviation. */
  readonly variance: tf.Tensor;
  /** The input less its mean. */
  readonly centred: tf.Tensor;
  /** Number of values behind each mean. */
  readonly count: number;
}

/**
 * Normalises each channel (Ioffe & Szegedy 2015, algorithms 1 and 2):
 * `scale · (x − mean) / sqrt(variance + epsilon) + shift`, with mean and variance over all axes but the last.
 *
 * Training uses the batch's own mean and its biased variance, and moves the averages by
 * `average ← momentum · average + (1 − momentum) · batch`. The average of the variance takes the unbiased one, as
 * TensorFlow's fused batch norm does, with which the paper's networks were trained. Evaluation uses the averages.
 *
 * @param x `[…, channels]`
 * @param layer name of the layer whose parameters `describeBatchNorm` describes
 */
export function batchNorm(
  x: tf.Tensor,
  layer: string,
  layers: BatchNormLayers,
  settings: BatchNormSettings,
): tf.Tensor {
  const [scale, shift] = [layers.parameter(`${layer}/scale`), layers.parameter(`${layer}/shift`)];
  if (layers.training) {
    const moments = momentsOf(x);
    moveAverages(moments, layer, layers, settings.momentum);
    return normalize(x, scale, shift, moments, settings.epsilon);
  }
  const [mean, variance] = [layers.parameter(`${layer}/mean`), layers.parameter(`${layer}/variance`)];
  const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, settings.epsilon)));
  return tf.add(tf.mul(x, factor), tf.sub(shift, tf.mul(mean, factor)));
}

function momentsOf(x: tf.Tensor): Moments {
  const axes = batchAxes(x);
  const mean = tf.mean(x, axes);
  const centred = tf.sub(x, mean);
  return { mean, variance: tf.mean(tf.square(centred), axes), centred, count: x.size / mean.size };
}

function moveAverages(
  { mean, variance, count }: Moments,
  layer: string,
  layers: BatchNormLayers,
  momentum: number,
): void {
  const unbiased = tf.mul(variance, count / Math.max(1, count - 1));
  const move = (name: string, value: tf.Tensor): void => {
    const average = layers.parameter(`${layer}/${name}`);
    layers.update(`${layer}/${name}`, tf.add(tf.mul(average, momentum), tf.mul(value, 1 - momentum)));
  };
  move('mean', mean);
  move('variance', unbiased);
}

/**
 * The normalised batch, with the gradients of the closed form (Ioffe & Szegedy 2015, section 3), in which `centred` is
 * used again; tfjs' own gradient of batch normalisation takes the batch through several times as many passes.
 *
 * The moments are captured and not differentiated: the closed form holds what flows through them.
 */
function normalize(
  x: tf.Tensor,
  scale: tf.Tensor,
  shift: tf.Tensor,
  { variance, centred, count }: Moments,
  epsilon: number,
): tf.Tensor {
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const differentiable = tf.customGrad((_x, scale, shift, save) => {
    const factor = tf.mul(scale as tf.Tensor, inverse);
    (save as tf.GradSaveFunc)([centred, factor, inverse]);
    return {
      value: tf.add(tf.mul(centred, factor), shift as tf.Tensor),
      gradFunc: (dy, saved) => gradients(dy, saved as unknown as Saved, count),
    };
  });
  return differentiable(x, scale, shift);
}

/** `centred`, scale · inverse, and inverse = 1 / sqrt(variance + epsilon). */
type Saved = [centred: tf.Tensor, factor: tf.Tensor, inverse: tf.Tensor];

/**
 * With the normalised input n = inverse · centred and means over the batch:
 * dShift = Σ dy, dScale = Σ dy · n, dx = scale · inverse · (dy − mean(dy) − n · mean(dy · n)).
 */
function gradients(dy: tf.Tensor, [centred, factor, inverse]: Saved, count: number): tf.Tensor[] {
  const axes = batchAxes(dy);
  const shift = tf.sum(dy, axes);
  const scale = tf.mul(tf.sum(tf.mul(dy, centred), axes), inverse);
  const slope = tf.mul(tf.mul(scale, inverse), 1 / count);
  const inner = tf.sub(tf.sub(dy, tf.mul(centred, slope)), tf.div(shift, count));
  return [tf.mul(inner, factor), scale, shift];
}

function batchAxes(x: tf.Tensor): number[] {
  return Array.from({ length: x.rank - 1 }, (_, axis) => axis);
}
