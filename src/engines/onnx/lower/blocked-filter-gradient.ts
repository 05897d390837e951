/** @file Lowering of filter gradients to a convolution on images blocked along the batch. */

import { sizeOf } from '../../../arrays.ts';
import type { Value } from '../../../compiler/graph.ts';
import { at } from '../../../lookup.ts';
import { emitBlocked, gatherRows, padBlocked, transposeBlocks, transposeRows } from './blocked.ts';
import type { ConvolutionCall } from './convolution-sizes.ts';
import type { Lowering } from './lowering.ts';

/**
 * The gradient sums input × output gradient over batch and positions. As a convolution that is: the batch as channels
 * in blocks of B images, the output's gradient as filters of the images' height and width. The trick is in the width of
 * its input, where columns and channels lie side by side, channels inside: a filter dilated by the number of channels
 * meets every channel as one more position along the width. One operator then yields all taps, and
 * no patch of the input is ever copied.
 *
 * It holds for batches in whole blocks and filters without dilation. Filters that fill no block are filled up with
 * zeros where that adds little.
 */
export function filterGradientBlocked(operation: ConvolutionCall, context: Lowering): boolean {
  const [x, dy, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, dilations, pads } = operation.attributes;
  const batch = at(x.shape, 0);
  const fits = context.block > 0 && batch % context.block === 0 && dilations.every((step) => step === 1);
  const [kernelHeight = 1, kernelWidth = 1, channels = 1, filters = 1] = output.shape;
  const filled = Math.ceil(filters / context.block) * context.block;
  if (!fits || filled > filters * MOST_FILLED) return false;
  const [, height = 1, width = 1] = dy.shape;
  const images = context.canBlock(x)
    ? imagesOfBlocks(operation, context)
    : imagesOfPixels(operation, context);
  const parts = at(images.shape, 0);
  const inside = channels / parts;
  // Rows that no filter reaches are cut off: without pads below, the operator would still look at them.
  const below = kernelHeight + (height - 1) * at(strides, 0) - at(x.shape, 1) - at(pads, 0);
  const rows = kernelHeight + Math.max(0, -below);
  const columns = at(images.shape, 3) - (width - 1) * at(strides, 1) * inside;
  const groups = chooseGroups([parts, filled, rows], batch / context.block, context);
  const sums = emitBlocked(
    context,
    'Conv',
    [
      images,
      context.canBlock(dy)
        ? filtersOfBlocks(dy, groups, context)
        : filtersOfPixels(dy, filled, groups, context),
    ],
    [parts, groups * filled, rows, columns],
    {
      kernel_shape: [height, width],
      dilations: [at(strides, 0), at(strides, 1) * inside],
      pads: [at(pads, 0), 0, Math.max(0, below), 0],
      ...(groups === 1 ? {} : { group: groups }),
    },
  );
  const product = sumGroups(sums, groups, context);
  const gradient = filtersOf(product, { kernelHeight, kernelWidth, channels: inside }, context);
  context.set(output, filled === filters ? gradient : cutFilters(gradient, output.shape, context));
  return true;
}

/** The operator hands out rows of its output to threads. With fewer rows than this, some threads have nothing to do at the end. */
const FEWEST_ROWS = 12;
/** Blocks of filters that one thread computes at once. */
const FILTER_BLOCKS_AT_ONCE = 4;

/**
 * A convolution whose output has few rows is cut along the batch into groups of images, as many as share out well, and
 * what they yield is added.
 *
 * @param imageBlocks in the batch
 */
function chooseGroups(
  [parts, filters, rows]: readonly [parts: number, filters: number, rows: number],
  imageBlocks: number,
  { block }: Lowering,
): number {
  const outputRows = parts * Math.ceil(filters / (FILTER_BLOCKS_AT_ONCE * block)) * rows;
  let groups = 1;
  while (groups < imageBlocks && (groups * outputRows < FEWEST_ROWS || imageBlocks % groups !== 0)) groups++;
  return groups;
}

/** `[parts, filters, rows, columns]` of `[parts, groups · filters, rows, columns]`, in blocks of filters. */
function sumGroups(sums: Value, groups: number, context: Lowering): Value {
  if (groups === 1) return sums;
  const [parts = 1, filters = 1, rows = 1, columns = 1] = sums.shape;
  const length = (filters / groups) * rows * columns;
  const split = context.reshape(sums, [parts, groups, length]);
  const sum = context.builder.emit(
    'ReduceSum',
    [split],
    { shape: [parts, length] },
    { axes: [1], keepdims: 0 },
  );
  return context.reshape(sum, [parts, filters / groups, rows, columns]);
}

/** The number of filters may grow to at most this many times itself when the last block is filled up with zeros. */
const MOST_FILLED = 1.3;

function cutFilters(gradient: Value, shape: readonly number[], context: Lowering): Value {
  return context.builder.emit('Slice', [gradient], { shape }, { starts: [0, 0, 0, 0], ends: shape });
}

/** Zeros left and right of the images, as many as the filter's taps reach. */
function sidePads(operation: ConvolutionCall): [number, number] {
  const [x, dy, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, pads } = operation.attributes;
  const needed = at(output.shape, 1) + (at(dy.shape, 2) - 1) * at(strides, 1);
  return [at(pads, 1), Math.max(0, needed - at(x.shape, 2) - at(pads, 1))];
}

/** From blocked images: `[channels/B, batch, height, width · B]` with the batch in blocks, a part for each block of channels. */
function imagesOfBlocks(operation: ConvolutionCall, context: Lowering): Value {
  const { block } = context;
  const [left, right] = sidePads(operation);
  const padded = padBlocked(context.blocked(at(operation.inputs, 0)), [0, left, 0, right], context);
  const [batch = 1, channels = 1, height = 1, width = 1] = padded.shape;
  const [parts, length] = [channels / block, height * width * block];
  const rows = context.reshape(padded, [batch * parts, length]);
  const sorted =
    parts === 1
      ? rows
      : gatherRows(rows, `blocks ${batch} ${parts}`, () => swappedTable(batch, parts), context);
  const blocks = context.reshape(sorted, [(parts * batch) / block, block, length]);
  return context.reshape(transposeBlocks(blocks, context), [parts, batch, height, width * block]);
}

/** From pixels of few channels: `[1, batch, height, width · channels]` with the batch in blocks. */
function imagesOfPixels(operation: ConvolutionCall, context: Lowering): Value {
  const { block } = context;
  const plain = context.plain(at(operation.inputs, 0));
  const [left, right] = sidePads(operation);
  const [batch = 1, height = 1, width = 1, channels = 1] = plain.shape;
  const shape = [batch, height, width + left + right, channels];
  const attributes = { pads: [0, 0, left, 0, 0, 0, right, 0], value: 0 };
  const padded = left + right === 0 ? plain : context.builder.emit('Pad', [plain], { shape }, attributes);
  const length = sizeOf(shape.slice(1));
  const blocks = context.reshape(padded, [batch / block, block, length]);
  return context.reshape(transposeBlocks(blocks, context), [1, batch, height, at(shape, 2) * channels]);
}

/** The row numbers that turn `[outer, inner]` rows into `[inner, outer]` rows. */
function swappedTable(outer: number, inner: number): Int32Array {
  return Int32Array.from(
    { length: outer * inner },
    (_, row) => (row % outer) * inner + Math.floor(row / outer),
  );
}

/**
 * The output's gradient as a blocked filter bank, `[groups, out/B, batch/groups/B, height, width, B images, B out]`, from
 * blocked images `[batch, out/B, height, width, B out]`.
 */
function filtersOfBlocks(dy: Value, groups: number, context: Lowering): Value {
  const gradient = context.blocked(dy);
  const [batch = 1, filters = 1, height = 1, width = 1] = gradient.shape;
  const sizes = { groups, batch, parts: filters / context.block, pixels: height * width };
  const row = (image: number, part: number, pixel: number): number =>
    (image * sizes.parts + part) * sizes.pixels + pixel;
  return sortRows(gradient, 'blocks', gradient.shape, sizes, row, context);
}

/** The same from images `[batch, height, width, out]`, with zeros for the filters that fill the last block. */
function filtersOfPixels(dy: Value, filled: number, groups: number, context: Lowering): Value {
  const plain = context.plain(dy);
  const [batch = 1, height = 1, width = 1, filters = 1] = plain.shape;
  const pads = [0, 0, 0, 0, 0, 0, 0, filled - filters];
  const shape = [batch, height, width, filled];
  const padded = context.builder.emit('Pad', [plain], { shape }, { pads, value: 0 });
  const sizes = { groups, batch, parts: filled / context.block, pixels: height * width };
  const row = (image: number, part: number, pixel: number): number =>
    (image * sizes.pixels + pixel) * sizes.parts + part;
  return sortRows(padded, 'pixels', [batch, filled, height, width], sizes, row, context);
}

/** Brings rows of one block of filters into the order of a filter bank; `row` says where each of them is. */
function sortRows(
  gradient: Value,
  from: string,
  [batch = 1, filters = 1, height = 1, width = 1]: readonly number[],
  { groups, parts, pixels }: Record<'groups' | 'batch' | 'parts' | 'pixels', number>,
  row: (image: number, part: number, pixel: number) => number,
  context: Lowering,
): Value {
  const { block } = context;
  const rows = context.reshape(gradient, [batch * parts * pixels, block]);
  const table = (): Int32Array => {
    const order = new Int32Array(batch * parts * pixels);
    let next = 0;
    for (let group = 0; group < batch; group += batch / groups)
      for (let part = 0; part < parts; part++)
        for (let first = group; first < group + batch / groups; first += block)
          for (let pixel = 0; pixel < pixels; pixel++)
            for (let image = first; image < first + block; image++) order[next++] = row(image, part, pixel);
    return order;
  };
  const sorted = gatherRows(rows, `filters of ${from} ${batch} ${groups} ${parts} ${pixels}`, table, context);
  return context.reshape(sorted, [groups * filters, batch / groups, height, width]);
}

/** `[height, width, in, out]` of the operator's result `[in parts, out/B, rows, columns · channels, B out]`. */
function filtersOf(
  product: Value,
  { kernelHeight, kernelWidth, channels }: { kernelHeight: number; kernelWidth: number; channels: number },
  context: Lowering,
): Value {
  const { block } = context;
  const [parts = 1, filters = 1, rows = 1, width = 1] = product.shape;
  const columns = width / channels;
  const shape = [parts, filters / block, rows, columns, channels, block];
  const split = context.reshape(product, shape);
  const kept = [parts, filters / block, kernelHeight, kernelWidth, channels, block];
  const cut =
    rows === kernelHeight && columns === kernelWidth
      ? split
      : context.builder.emit('Slice', [split], { shape: kept }, { starts: [0, 0, 0, 0, 0, 0], ends: kept });
  const moved = transposeRows(cut, [2, 3, 0, 4, 1, 5], context);
  return context.reshape(moved, [kernelHeight, kernelWidth, parts * channels, filters]);
}
