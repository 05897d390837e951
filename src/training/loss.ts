/** @file Cross-entropy and the number of right answers. */
import * as tf from '@tensorflow/tfjs';

/**
 * Cross-entropy of each example.
 *
 * @param logits `[batch, classes]`
 * @param oneHot `[batch, classes]`
 * @returns `[batch]`, in nats
 */
export function crossEntropy(logits: tf.Tensor, oneHot: tf.Tensor): tf.Tensor {
  return tf.neg(tf.sum(tf.mul(oneHot, tf.logSoftmax(logits)), -1));
}

/** `[batch]` of class numbers to `[batch, classes]` of 0 and 1. */
export function toOneHot(labels: tf.Tensor, classes: number): tf.Tensor {
  const numbers = tf.tensor1d(
    Int32Array.from({ length: classes }, (_, index) => index),
    'int32',
  );
  return tf.cast(tf.equal(tf.expandDims(labels, 1), numbers), 'float32');
}

/** `[batch]`: 1 where the largest logit is that of the label, else 0. Of equal logits the first counts. */
export function isCorrect(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  return tf.cast(tf.equal(tf.argMax(logits, -1), labels), 'float32');
}
