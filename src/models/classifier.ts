/** @file The dense end of a network: hidden layers with ReLU, then logits. */
import * as tf from '@tensorflow/tfjs';
import type { Initializer } from '../random/types.ts';
import { describeDense } from './parameters.ts';
import type { Layers, Parameter, PrunableWeight } from './types.ts';

export interface Classifier {
  readonly parameters: readonly Parameter[];
  /** All hidden kernels; the logits layer is exempt, as in the paper. */
  readonly prunable: readonly PrunableWeight[];
  /** `[batch, …] → [batch, classes]`; everything after the batch axis is flattened first. */
  forward(x: tf.Tensor, layers: Layers): tf.Tensor;
}

/**
 * Layers `dense1` … `denseN` of the given widths and `logits`. Biases start at 0.
 *
 * @param inputs number of features of one flattened example
 */
export function createClassifier(
  inputs: number,
  widths: readonly number[],
  classes: number,
  initializer: Initializer,
): Classifier {
  const initialization = { kernel: initializer, bias: 0 };
  const hidden = widths.map((width, index) => ({
    name: `dense${index + 1}`,
    ...describeDense(`dense${index + 1}`, widths[index - 1] ?? inputs, width, initialization),
  }));
  const logits = describeDense('logits', widths.at(-1) ?? inputs, classes, initialization);
  return {
    parameters: [...hidden, logits].flatMap((layer) => layer.parameters),
    prunable: hidden.map((layer) => layer.weight),
    forward(x, layers) {
      const flat: tf.Tensor = tf.reshape(x, [-1, inputs]);
      const features = hidden.reduce((input, { name }) => tf.relu(layers.dense(input, name)), flat);
      return layers.dense(features, 'logits');
    },
  };
}
