/** @file A stretch of a network with what belongs to it, and the sizes that its parts hand on. */
import type * as tf from '@tensorflow/tfjs';
import type { Layers, Model, Parameter, PrunableWeight } from './types.ts';

/** A part of a network: a layer, or several one after another. */
export interface Block {
  readonly parameters: readonly Parameter[];
  readonly prunable: readonly PrunableWeight[];
  forward(x: tf.Tensor, layers: Layers): tf.Tensor;
}

/** `[height, width, channels]` of what flows between two blocks. */
export type ImageShape = Model['inputShape'];

/** The blocks one after the other. */
export function chain(blocks: readonly Block[]): Block {
  return {
    parameters: blocks.flatMap(({ parameters }) => parameters),
    prunable: blocks.flatMap(({ prunable }) => prunable),
    forward: (images, layers) => blocks.reduce((x, block) => block.forward(x, layers), images),
  };
}

/** Shape of the image when every `stride`-th pixel is kept, the first of a row and of a column always. */
export function stridedShape([height, width]: ImageShape, stride: number, channels: number): ImageShape {
  return [Math.ceil(height / stride), Math.ceil(width / stride), channels];
}
