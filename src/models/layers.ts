/** @file The linear layers that a model's forward pass is built from. */
import * as tf from '@tensorflow/tfjs';
import { type BatchNormLayers, batchNorm } from './batch-norm.ts';
import type { Layers } from './types.ts';

type NamedTensors = Readonly<Record<string, tf.Tensor>>;
type LinearOperation = (x: tf.Tensor, kernel: tf.Tensor) => tf.Tensor;
/** Applies a layer's linear operation to the kernel of this name, or to what a regularizer uses in its place. */
export type ApplyKernel = (x: tf.Tensor, kernelName: string, apply: LinearOperation) => tf.Tensor;

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
 * Layers whose kernels are applied by a function of the caller's; biases and all else are used as they are.
 *
 * @param applyKernel gets the layer's input, the kernel's name and the linear operation without bias
 */
export function layersOver(
  parameters: NamedTensors,
  training: boolean,
  applyKernel: ApplyKernel,
): RecordingLayers {
  const updates: Record<string, tf.Tensor> = {};
  const addBias = (y: tf.Tensor, layer: string): tf.Tensor => {
    const bias = parameters[`${layer}/bias`];
    return bias === undefined ? y : tf.add(y, bias);
  };
  const base: BatchNormLayers = {
    training,
    parameter: (name) => requireParameter(parameters, name),
    update(name, value) {
      requireParameter(parameters, name);
      updates[name] = value;
    },
  };
  return {
    ...base,
    tf,
    updates,
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
    batchNorm: (x, layer, settings) => batchNorm(x, layer, base, settings),
  };
}

/** @throws Error if the model has no parameter of this name */
export function requireParameter(parameters: NamedTensors, name: string): tf.Tensor {
  const parameter = parameters[name];
  if (parameter === undefined) throw new Error(`the model has no parameter "${name}"`);
  return parameter;
}
