/** @file The dense end of a network: hidden layers with ReLU, then logits. */
import type { Tensor } from '@tensorflow/tfjs';
import type { Initializer } from '../random/types.ts';
import type { Block } from './blocks.ts';
import { describeDense } from './parameters.ts';

/**
 * Layers `dense1` … `denseN` of the given widths and `logits`, from `[batch, …]` to `[batch, classes]`: everything
 * after the batch axis is flattened first. Biases start at 0. Prunable are all hidden kernels; the logits layer is
 * exempt, as in the paper.
 *
 * @param inputs number of features of one flattened example
 */
export function createClassifier(
  inputs: number,
  widths: readonly number[],
  classes: number,
  initializer: Initializer,
): Block {
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
      const { tf } = layers;
      const flat: Tensor = tf.reshape(x, [-1, inputs]);
      const features = hidden.reduce((input, { name }) => tf.relu(layers.dense(input, name)), flat);
      return layers.dense(features, 'logits');
    },
  };
}
