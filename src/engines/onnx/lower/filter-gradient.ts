/** @file Lowering of the gradient of a convolution with respect to its filter. */

import { sizeOf } from '../../../arrays.ts';
import type { Value } from '../../../compiler/graph.ts';
import type { ConvolutionAttributes } from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';
import { fillBlocks, filterGradientBlocked } from './blocked-filter-gradient.ts';
import type { ConvolutionCall } from './convolution-sizes.ts';
import { filterGradientGrouped } from './grouped-filter-gradient.ts';
import type { Lowering, LoweringRule } from './lowering.ts';
import { filterGradientMinimally } from './minimal-filtering.ts';
import { patchTable } from './patches.ts';

/** Patches of images with fewer channels are rows too short to gather quickly. */
const FEWEST_PATCH_CHANNELS = 8;

/** Times the number of filters: with more in their blocks, too much is multiplied by zeros where there is another way. */
const NEARLY_FULL = 1.25;

/** Gradient of a convolution with respect to its filter. */
export const filterGradient: LoweringRule<ConvolutionAttributes> = (operation, context) => {
  const { shape } = at(operation.outputs, 0);
  const [channels, filters] = [at(shape, 2), at(shape, 3)];
  const isFull = context.block > 0 && fillBlocks(filters, context) <= filters * NEARLY_FULL;
  const ways = isFull
    ? [filterGradientMinimally, filterGradientBlocked, filterGradientGrouped]
    : [filterGradientMinimally, filterGradientGrouped, filterGradientBlocked];
  if (ways.some((way) => way(operation, context))) return;
  if (channels < FEWEST_PATCH_CHANNELS) correlate(operation, context);
  else multiplyPatches(operation, context);
};

/**
 * As the product of the output's gradient `[out, P]` with the patches `[P, height · width · in]` that made it, over the
 * P positions of all images. The patches are gathered by a constant table of pixel numbers, which onnxruntime does on
 * all threads.
 */
const multiplyPatches: LoweringRule<ConvolutionAttributes> = (operation, context) => {
  const [dy, output] = [at(operation.inputs, 1), at(operation.outputs, 0)];
  const { builder } = context;
  const filters = at(output.shape, 3);
  const positions = sizeOf(dy.shape.slice(0, 3));
  const patchSize = sizeOf(output.shape.slice(0, 3));
  const patches = context.reshape(gatherPatches(operation, context), [positions, patchSize]);
  const gradient = context.transpose(context.channelsFirst(dy), [1, 0, 2, 3]);
  const operands = [context.reshape(gradient, [filters, positions]), patches];
  const product = builder.emit('MatMul', operands, { shape: [filters, patchSize] });
  context.set(output, context.reshape(context.transpose(product, [1, 0]), output.shape));
};

/** The input under each filter tap of each position, a row a pixel: `[positions · taps, channels]`. */
export function gatherPatches(operation: ConvolutionCall, context: Lowering): Value {
  const [x, dy, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const channels = at(output.shape, 2);
  const padded = padImages(context.plain(x), operation, context);
  const pixels = context.reshape(padded, [sizeOf(padded.shape.slice(0, 3)), channels]);
  const convolution = operation.attributes;
  const rows = sizeOf(dy.shape.slice(0, 3)) * sizeOf(output.shape.slice(0, 2));
  // A 1 × 1 filter that moves by single steps sees each pixel once, in order.
  const isIdentity = rows === at(pixels.shape, 0) && sizeOf(output.shape.slice(0, 2)) === 1;
  if (isIdentity) return pixels;
  const name = `patches ${[padded.shape.slice(0, 3), dy.shape.slice(0, 3), output.shape.slice(0, 2)].join(' ')} ${JSON.stringify(convolution)}`;
  const table = context.sharedTable(name, () =>
    patchTable(padded.shape, dy.shape, output.shape, convolution),
  );
  return context.builder.emit('Gather', [pixels, table], { shape: [rows, channels] }, { axis: 0 });
}

/** `[batch, height, width, channels]` with the convolution's zeros around. */
function padImages(images: Value, operation: ConvolutionCall, context: Lowering): Value {
  const [top = 0, left = 0, bottom = 0, right = 0] = operation.attributes.pads;
  if (top + left + bottom + right === 0) return images;
  const [batch = 1, height = 1, width = 1, channels = 1] = images.shape;
  const shape = [batch, height + top + bottom, width + left + right, channels];
  const attributes = { pads: [0, top, left, 0, 0, bottom, right, 0], value: 0 };
  return context.builder.emit('Pad', [images], { shape }, attributes);
}

/**
 * As the correlation of input and output gradient over batch and positions: a convolution with the batch as channels,
 * and strides and dilations exchanged.
 */
const correlate: LoweringRule<ConvolutionAttributes> = (operation, context) => {
  const [x, dy, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, dilations, pads } = operation.attributes;
  const swapped = [1, 0, 2, 3];
  const images = context.transpose(context.channelsFirst(x), swapped);
  const gradient = context.transpose(context.channelsFirst(dy), swapped);
  const kernel = output.shape.slice(0, 2);
  const after = kernel.map((extent, axis) => {
    const needed =
      (at(gradient.shape, axis + 2) - 1) * at(strides, axis) + (extent - 1) * at(dilations, axis) + 1;
    return needed - at(images.shape, axis + 2) - at(pads, axis);
  });
  // A stride that does not divide the input leaves its last rows unseen: they are cut off, not padded.
  const seen = after.map((extent, axis) => at(images.shape, axis + 2) + Math.min(0, extent));
  const cropped = after.some((extent) => extent < 0) ? crop(images, seen, context) : images;
  const attributes = {
    strides: dilations,
    dilations: strides,
    pads: [...pads.slice(0, 2), ...after.map((extent) => Math.max(0, extent))],
  };
  const shape = [at(images.shape, 0), at(gradient.shape, 0), ...kernel];
  const correlated = context.builder.emit('Conv', [cropped, gradient], { shape }, attributes);
  context.set(output, context.transpose(correlated, [2, 3, 0, 1]));
};

function crop(images: Value, spatial: readonly number[], context: Lowering): Value {
  const shape = [...images.shape.slice(0, 2), ...spatial];
  return context.builder.emit('Slice', [images], { shape }, { starts: [0, 0, 0, 0], ends: shape });
}
