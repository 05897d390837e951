/** @file A 3 × 3 convolution and its filter gradient, by a sum over every pixel and by minimal filtering. */
import type { Value } from '../../src/compiler/graph.ts';
import { convolveBlocked } from '../../src/engines/onnx/lower/blocked-convolutions.ts';
import { filterGradientBlocked } from '../../src/engines/onnx/lower/blocked-filter-gradient.ts';
import type { ConvolutionCall } from '../../src/engines/onnx/lower/convolution-sizes.ts';
import { BLOCKED, Lowering } from '../../src/engines/onnx/lower/lowering.ts';
import {
  convolveMinimally,
  filterGradientMinimally,
} from '../../src/engines/onnx/lower/minimal-filtering.ts';
import type { Candidate } from './measure.ts';

const BLOCK = 16;

/** A 3 × 3 convolution with a margin of one pixel. */
export interface Layer {
  readonly batch: number;
  /** As many as filters. */
  readonly channels: number;
  /** Height and width. */
  readonly extent: number;
}

/** Operands of the candidates. Images and the gradient `dy` are `[batch, channels, height, width]`, in blocks. */
export function operandsOf({ batch, channels, extent }: Layer): Readonly<Record<string, readonly number[]>> {
  const images = [batch, channels, extent, extent];
  return { x: images, dy: images, filter: [3, 3, channels, channels] };
}

export function convolutionCandidates(layer: Layer): Readonly<Record<string, Candidate>> {
  return {
    'a convolution: sum over every pixel': convolve(layer, convolveBlocked),
    'minimal filtering': convolve(layer, convolveMinimally),
    'a filter gradient: convolution, images as its channels': differentiate(layer, filterGradientBlocked),
    'its minimal filtering': differentiate(layer, filterGradientMinimally),
  };
}

type Lower = (operation: ConvolutionCall, context: Lowering) => boolean;

const attributes: ConvolutionCall['attributes'] = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] };

/** Ends with the mean over height and width, which takes next to nothing. */
function convolve({ batch, channels, extent }: Layer, lower: Lower): Candidate {
  return (builder, { x, filter }) => {
    const { context, images, taps } = lowering({ batch, channels, extent }, x as Value);
    context.set(taps, filter as Value);
    const result: Value = { ...images };
    run(lower, { op: 'Conv2D', inputs: [images, taps], attributes, outputs: [result] }, context);
    for (const operation of context.builder.operations) builder.append(operation);
    const shape = [batch, channels, 1, 1];
    return builder.emitIn(BLOCKED, 'GlobalAveragePool', [context.blocked(result)], { shape });
  };
}

/** The filter gradient from `x` and `dy`. */
export function differentiate(layer: Layer, lower: Lower): Candidate {
  return (builder, { x, dy }) => {
    const { context, images, taps } = lowering(layer, x as Value);
    const gradient: Value = { ...images };
    context.setBlocked(gradient, dy as Value);
    run(
      lower,
      { op: 'Conv2DBackpropFilter', inputs: [images, gradient], attributes, outputs: [taps] },
      context,
    );
    for (const operation of context.builder.operations) builder.append(operation);
    return context.plain(taps);
  };
}

function lowering({ batch, channels, extent }: Layer, x: Value) {
  const context = new Lowering(BLOCK, 0);
  const images: Value = { shape: [batch, extent, extent, channels], type: 'float32' };
  const taps: Value = { shape: [3, 3, channels, channels], type: 'float32' };
  context.setBlocked(images, x);
  return { context, images, taps };
}

function run(lower: Lower, operation: ConvolutionCall, context: Lowering): void {
  if (!lower(operation, context)) throw new Error(`a layer of ${operation.inputs[0]?.shape} was not lowered`);
}
