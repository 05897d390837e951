/** @file Strides, dilations and pads of convolutions and of the convolutions that are their gradients. */

import { sizeOf } from '../../../arrays.ts';
import type { OperationOf } from '../../../compiler/graph.ts';
import type { ConvolutionAttributes } from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';

type Sizes = readonly number[];

export interface ConvolutionSizes {
  readonly strides: Sizes;
  readonly dilations: Sizes;
  /** Top, left, bottom, right. */
  readonly pads: Sizes;
}

/** A convolution, or one of its two gradients. */
export type ConvolutionCall = OperationOf<string, ConvolutionAttributes>;

/** Beyond this ratio of input to output positions, an input gradient is computed by transposed convolution. */
const LARGEST_GROWTH = 1.25;

/** Pixels between the first and the last that one filter sees, along height and width. */
export function reachOf({ attributes }: ConvolutionCall, filter: Sizes): [number, number] {
  const { dilations } = attributes;
  return [(at(filter, 0) - 1) * at(dilations, 0), (at(filter, 1) - 1) * at(dilations, 1)];
}

/**
 * The convolution of the output's gradient that is the input gradient of a convolution: with the filter turned by 180°
 * and its channels swapped. There is none unless the convolution moves by single steps and pads no more than its filter
 * reaches; it is slow if the input is so much larger than the output that most of it is padding. Then: undefined.
 */
export function turnedConvolution(operation: ConvolutionCall): ConvolutionSizes | undefined {
  const [dy, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, dilations, pads } = operation.attributes;
  const reach = reachOf(operation, filter.shape);
  const [spatial, positions] = [output.shape.slice(1, 3), dy.shape.slice(1, 3)];
  const before = reach.map((extent, axis) => extent - at(pads, axis));
  const beyond = spatial.map(
    (extent, axis) => extent + at(reach, axis) - at(positions, axis) - at(before, axis),
  );
  const turns =
    strides.every((stride) => stride === 1) && [...before, ...beyond].every((extent) => extent >= 0);
  const growth = sizeOf(spatial) / sizeOf(positions);
  return turns && growth <= LARGEST_GROWTH ? { strides, dilations, pads: [...before, ...beyond] } : undefined;
}
