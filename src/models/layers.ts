/** @file The linear layers that a model's forward pass is built from, plain or with a regularizer in between. */
import * as tf from '@tensorflow/tfjs';
import type { Regularizer, WeightContext } from '../regularizers/types.ts';
import type { Layers } from './types.ts';

type NamedTensors = Readonly<Record<string, tf.Tensor>>;
type LinearOperation = (x: tf.Tensor, kernel: tf.Tensor) => tf.Tensor;
/** Applies a layer's linear operation to the kernel of this name, or to what stands for it. */
type ApplyKernel = (x: tf.Tensor, kernelName: string, apply: LinearOperation) => tf.Tensor;

/** Layers that keep the averages which a training pass has updated. */
export interface RecordingLayers extends Layers {
  /**
   * New values of `average` parameters, by name, filled by the forward pass. Inside a differentiated function tfjs
   * disposes what is not returned: `tf.keep` them there if they are needed outside.
   */
  readonly updates: NamedTensors;
}

/**
 * Layers that use the parameters as they are: for evaluation, or for training without a regularizer.
 *
 * @param parameters every parameter of the model, by name
 */
export function plainLayers(parameters: NamedTensors, training: boolean): RecordingLayers {
  return layersOver(parameters, training, (x, kernelName, apply) =>
    apply(x, requireParameter(parameters, kernelName)),
  );
}

/**
 * Layers of a training pass in which every kernel that has a context goes through the regularizer: its `linear` if it
 * has one, else the layer's own operation on its `effectiveWeight`, else on the weight itself. Biases and all other
 * kernels are used as they are.
 *
 * To be created inside the differentiated function, with contexts whose `weight` and trainable state are that
 * function's arguments and whose `prepared` was made outside.
 *
 * @param parameters every parameter of the model, by name
 * @param contexts one for each prunable weight, by its name
 */
export function regularizedLayers(
  parameters: NamedTensors,
  regularizer: Regularizer,
  contexts: Readonly<Record<string, WeightContext>>,
): RecordingLayers {
  return layersOver(parameters, true, (x, kernelName, apply) => {
    const context = contexts[kernelName];
    if (context === undefined) return apply(x, requireParameter(parameters, kernelName));
    if (regularizer.linear !== undefined) return regularizer.linear(context, x, apply);
    return apply(x, regularizer.effectiveWeight?.(context) ?? context.weight);
  });
}

function layersOver(parameters: NamedTensors, training: boolean, applyKernel: ApplyKernel): RecordingLayers {
  const updates: Record<string, tf.Tensor> = {};
  const addBias = (y: tf.Tensor, layer: string): tf.Tensor => {
    const bias = parameters[`${layer}/bias`];
    return bias === undefined ? y : tf.add(y, bias);
  };
  return {
    training,
    updates,
    parameter: (name) => requireParameter(parameters, name),
    dense(x, layer) {
      const y = applyKernel(x, `${layer}/kernel`, (input, kernel) => tf.matMul(input, kernel));
      return addBias(y, layer);
    },
    convolution(x, layer, { stride, padding }) {
      const y = applyKernel(x, `${layer}/kernel`, (input, kernel) =>
        tf.conv2d(input as tf.Tensor4D, kernel as tf.Tensor4D, stride, padding),
      );
      return addBias(y, layer);
    },
    update(name, value) {
      requireParameter(parameters, name);
      updates[name] = value;
    },
  };
}

function requireParameter(parameters: NamedTensors, name: string): tf.Tensor {
  const parameter = parameters[name];
  if (parameter === undefined) throw new Error(`the model has no parameter "${name}"`);
  return parameter;
}
