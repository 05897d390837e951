/** @file A model's linear layers with a regularizer between each layer and its weight. */
import type * as tf from '@tensorflow/tfjs';
import { layersOver, type RecordingLayers, requireParameter } from '../models/layers.ts';
import type { Regularizer, WeightContext } from './types.ts';

type NamedTensors = Readonly<Record<string, tf.Tensor>>;

/**
 * Layers of a pass with the noise of training in which every kernel that has a context goes through the regularizer: its `linear` if it
 * has one, else the layer's own operation on its `effectiveWeight`, else on the weight itself. Biases and all other
 * kernels are used as they are.
 *
 * To be created inside the differentiated function, with contexts whose `weight` and trainable state are that
 * function's arguments and whose `prepared` was made outside.
 *
 * @param parameters every parameter of the model, by name
 * @param contexts one for each prunable weight, by its name
 * @param training whether batch normalisation takes the batch's own statistics
 */
export function regularizedLayers(
  parameters: NamedTensors,
  regularizer: Regularizer,
  contexts: Readonly<Record<string, WeightContext>>,
  training = true,
): RecordingLayers {
  return layersOver(parameters, training, (x, kernelName, apply) => {
    const context = contexts[kernelName];
    if (context === undefined) return apply(x, requireParameter(parameters, kernelName));
    if (regularizer.linear !== undefined) return regularizer.linear(context, x, apply);
    return apply(x, regularizer.effectiveWeight?.(context) ?? context.weight);
  });
}
