/** @file Lowering of gradients of filters that fill no blocks: a convolution of a few images at a time, with the output's gradient nearly as it lies. */
import { sizeOf } from '../../../arrays.ts';
import type { Value } from '../../../compiler/graph.ts';
import { at } from '../../../lookup.ts';
import { correlationOf, imagesOfPixels, largestDivisor } from './blocked-filter-gradient.ts';
import type { ConvolutionCall } from './convolution-sizes.ts';
import type { Lowering } from './lowering.ts';

/** Fewer are left to one convolution of the whole batch, which `passes/phase-pools.ts` looks for. */
const FEWEST_CHANNELS = 8;
/** In a group. With fewer there is more to add up; with more, some threads have nothing to do at the end. */
const MOST_IMAGES = 8;
/** Of an image of the output's gradient: with fewer, one product over all images is faster. */
const FEWEST_POSITIONS = 64;

/**
 * As in `blocked-filter-gradient.ts`, images of the batch are channels, the output's gradient their filters, and the channels of an image lie side by
 * side along the width. Here it is an operator of plain ONNX: nothing is filled up with zeros, and of the output's gradient only whole images change
 * places. onnxruntime shares the groups out, and a thread mostly reads what it wrote before.
 */
export function filterGradientGrouped(operation: ConvolutionCall, context: Lowering): boolean {
  const [dy, output] = [at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, dilations, pads } = operation.attributes;
  const [kernelHeight = 1, kernelWidth = 1, channels = 1, filters = 1] = output.shape;
  const [batch = 1, height = 1, width = 1] = dy.shape;
  const { rows, columns, below } = correlationOf(operation, channels);
  const images = largestDivisor(batch, MOST_IMAGES);
  const groups = batch / images;
  const isWorthIt =
    channels >= FEWEST_CHANNELS && height * width >= FEWEST_POSITIONS && kernelHeight * kernelWidth > 1;
  // With more filters than places of the result, onnxruntime copies patches on one thread. With more than positions, the results of all groups take more memory than patches.
  const areFew = filters <= Math.min(rows * columns, images * height * width);
  if (!isWorthIt || !areFew || dilations.some((step) => step !== 1)) return false;
  const { builder } = context;
  const operands = [
    imagesOfPixels(operation, context),
    filtersOfGroups(context.channelsFirst(dy), images, context),
  ];
  const sums = builder.emit(
    'Conv',
    operands,
    { shape: [1, groups * filters, rows, columns] },
    {
      kernel_shape: [height, width],
      strides: [1, 1],
      dilations: [at(strides, 0), at(strides, 1) * channels],
      pads: [at(pads, 0), 0, Math.max(0, below), 0],
      group: groups,
    },
  );
  const size = filters * rows * columns;
  const split = context.reshape(sums, [groups, size]);
  const sum = builder.emit('ReduceSum', [split], { shape: [size] }, { axes: [0], keepdims: 0 });
  const taps = context.reshape(sum, [filters, rows, columns / channels, channels]);
  const kept = [filters, kernelHeight, kernelWidth, channels];
  const isWhole = sizeOf(taps.shape) === sizeOf(kept);
  const cut = isWhole
    ? taps
    : builder.emit('Slice', [taps], { shape: kept }, { starts: [0, 0, 0, 0], ends: kept });
  context.set(output, context.transpose(cut, [1, 2, 3, 0]));
  return true;
}

/** `[groups · out, images of a group, height, width]` of `[batch, out, height, width]`. */
function filtersOfGroups(gradient: Value, images: number, context: Lowering): Value {
  const [batch = 1, filters = 1, height = 1, width = 1] = gradient.shape;
  const groups = batch / images;
  const split = context.reshape(gradient, [groups, images, filters, height * width]);
  const moved = context.transpose(split, [0, 2, 1, 3]);
  return context.reshape(moved, [groups * filters, images, height, width]);
}
