/** @file The contract of a model: named parameters and a forward pass in tfjs ops. */
import type * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import type { Initializer } from '../random/types.ts';

/** Of a prunable weight. */
export type LayerKind = 'dense' | 'convolution';

/** One array of numbers that belongs to a model. */
export interface Parameter {
  /** `layer/role`, unique in the model, for example `conv2/kernel`. */
  readonly name: string;
  /** Dense kernels are `[in, out]`, convolution kernels `[height, width, in, out]`: the last axis is the unit. */
  readonly shape: readonly number[];
  readonly role: 'kernel' | 'bias' | 'scale' | 'shift' | 'average';
  readonly initializer: Initializer;
}

/** A kernel that regularizers and pruning act on: all but the first convolution and the logits layer. */
export interface PrunableWeight {
  /** Name of the parameter, for example `dense1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly layer: LayerKind;
  /** Shape of the layer's output without the batch axis: `[units]` or `[height, width, filters]`. */
  readonly outputShape: readonly number[];
}

/** How a filter moves over an image. */
export interface ConvolutionOptions {
  /** Pixels from one position to the next, at least 1. */
  readonly stride: number;
  readonly padding: 'same' | 'valid';
}

/** Constants of batch normalisation. */
export interface BatchNormSettings {
  /** Share of a moving average that each step keeps. */
  readonly momentum: number;
  /** Added to the variance before its root is taken. */
  readonly epsilon: number;
}

/**
 * What a forward pass uses instead of raw kernels, so that a regularizer can stand between a layer and its weight.
 * Layer names are the part of the parameter name before the slash.
 */
export interface Layers {
  /** The operations without parameters. A model gets them from here, so that its settings can be read without tfjs. */
  readonly tf: typeof tf;
  /** Whether this is a step of a training: batch norm takes the averages of the batch. */
  readonly training: boolean;
  /** One of the model's parameters as it is, by its name. */
  parameter(name: string): Tensor;
  /** `[batch, in] → [batch, out]`, kernel and bias of the named layer. */
  dense(x: Tensor, layer: string): Tensor;
  /** `[batch, height, width, in] → [batch, height', width', out]`; a bias is added if the layer has one. */
  convolution(x: Tensor, layer: string, options: ConvolutionOptions): Tensor;
  /** `[…, channels] → […, channels]`; `describeBatchNorm` describes its parameters. */
  batchNorm(x: Tensor, layer: string, settings: BatchNormSettings): Tensor;
  /** Records a new value of an `average` parameter; called in training only. */
  update(name: string, value: Tensor): void;
}

/** What is trained and pruned. */
export interface Model {
  /** Shape of one image as the model takes it: `[height, width, channels]`. */
  readonly inputShape: readonly [number, number, number];
  /** At least 2. */
  readonly classes: number;
  readonly parameters: readonly Parameter[];
  /** Kernels among the parameters that are pruned. */
  readonly prunable: readonly PrunableWeight[];
  /** `[batch, height, width, channels] → [batch, classes]`, logits. */
  forward(images: Tensor, layers: Layers): Tensor;
}
