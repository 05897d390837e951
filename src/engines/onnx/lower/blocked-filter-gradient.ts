/** @file Lowering of filter gradients to a convolution whose channels are the images of the batch. */

import { sizeOf } from '../../../arrays.ts';
import type { Value } from '../../../compiler/graph.ts';
import { at } from '../../../lookup.ts';
import { emitBlocked, gatherRows, padBlocked, transposeBlocks, transposeRows } from './blocked.ts';
import type { ConvolutionCall } from './convolution-sizes.ts';
import type { Lowering } from './lowering.ts';

/**
 * The gradient sums input × output gradient over batch and positions. As a convolution that is: images of the batch as
 * channels, the output's gradient as filters of the images' height and width. The trick is in the width of
 * its input, where columns and channels lie side by side, channels inside: a filter dilated by the number of channels
 * meets every channel as one more position along the width. One operator then yields all taps, and
 * no patch of the input is ever copied.
 *
 * The batch is cut into groups, whose results are added. The operator takes fewer channels than fill a block as they are, one image after
 * the other, so that groups of few images need next to no rearranging; larger groups are brought into blocks of images.
 *
 * It holds for filters without dilation. Filters that fill no block are filled up with
 * zeros where that adds little.
 */
export function filterGradientBlocked(operation: ConvolutionCall, context: Lowering): boolean {
  const [x, dy, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, dilations, pads } = operation.attributes;
  const fits = context.block > 0 && dilations.every((step) => step === 1);
  const [kernelHeight = 1, kernelWidth = 1, channels = 1, filters = 1] = output.shape;
  const filled = fillBlocks(filters, context);
  if (!fits || filled > filters * MOST_FILLED) return false;
  const [, height = 1, width = 1] = dy.shape;
  const parts = context.canBlock(x) ? channels / context.block : 1;
  const inside = channels / parts;
  const { rows, columns, below } = correlationOf(operation, inside);
  const cut = chooseGroups(x, dy, [parts, filled, rows, columns], context);
  if (cut === undefined) return false;
  const { groups } = cut;
  const sums = emitBlocked(
    context,
    'Conv',
    [
      context.canBlock(x)
        ? imagesOfBlocks(operation, cut, context)
        : inBlocks(imagesOfPixels(operation, context), cut, context),
      context.canBlock(dy) ? filtersOfBlocks(dy, cut, context) : filtersOfPixels(dy, filled, cut, context),
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

/** The number of filters, with those that fill up the last block. */
export function fillBlocks(filters: number, { block }: Lowering): number {
  return Math.ceil(filters / block) * block;
}

/** Sizes of a filter gradient as a convolution of images whose channels lie side by side along the width. */
export interface Correlation {
  /** Of the result. Rows and columns that no tap stands for are cut off: without pads below, the operator still looks at them. */
  readonly rows: number;
  /** Positions along the width: columns times channels. */
  readonly columns: number;
  /** Rows of zeros below the images; negative where rows are left unseen. */
  readonly below: number;
}

/** @param inside channels side by side */
export function correlationOf(operation: ConvolutionCall, inside: number): Correlation {
  const [x, dy, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, pads } = operation.attributes;
  const [kernelHeight = 1] = output.shape;
  const [, height = 1, width = 1] = dy.shape;
  const [left, right] = sidePads(operation);
  const below = kernelHeight + (height - 1) * at(strides, 0) - at(x.shape, 1) - at(pads, 0);
  const rows = kernelHeight + Math.max(0, -below);
  const columns = (at(x.shape, 2) + left + right - (width - 1) * at(strides, 1)) * inside;
  return { rows, columns, below };
}

/** How a batch is cut. */
interface Cut {
  readonly groups: number;
  /** Images side by side, innermost: a block of them, or one. */
  readonly side: number;
}

/** The operator hands out rows of its output to threads. With fewer rows than this, some threads have nothing to do at the end. */
const FEWEST_ROWS = 12;
/** Blocks of filters that one thread computes at once. */
const FILTER_BLOCKS_AT_ONCE = 4;
/** With smaller groups there is more to add up than to multiply. */
const FEWEST_IMAGES = 4;

/**
 * Groups of as many images as fill no block; unless what they yield takes more memory than the operands: then blocks of images, in
 * as many groups as share out well.
 *
 * @param sums shape of what one group yields, `[parts, filters, rows, columns]`
 * @returns nothing if the batch cannot be cut
 */
function chooseGroups(x: Value, dy: Value, sums: readonly number[], { block }: Lowering): Cut | undefined {
  const batch = at(x.shape, 0);
  const isWhole = batch % block === 0;
  // The operator takes no other numbers of channels.
  if (!isWhole && batch > block) return undefined;
  const images = largestDivisor(batch, block - 1);
  const groups = batch / images;
  const isSmall = groups * sizeOf(sums) <= sizeOf(x.shape) + sizeOf(dy.shape);
  if (!isWhole || (isSmall && images >= FEWEST_IMAGES)) return { groups, side: 1 };
  return { groups: fewGroups(sums, batch / block, block), side: block };
}

export function largestDivisor(number: number, most: number): number {
  let divisor = Math.min(number, most);
  while (number % divisor !== 0) divisor--;
  return divisor;
}

/** @param imageBlocks in the batch */
function fewGroups(
  [parts = 1, filters = 1, rows = 1]: readonly number[],
  imageBlocks: number,
  block: number,
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

/** From blocked images: `[channels/B, batch, height, width · B]`, a part for each block of channels; the batch in blocks if the cut says so. */
function imagesOfBlocks(operation: ConvolutionCall, cut: Cut, context: Lowering): Value {
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
  return inBlocks(context.reshape(sorted, [parts, batch, height, width * block]), cut, context);
}

/** `[1, batch, height, width · channels]`, with zeros left and right. */
export function imagesOfPixels(operation: ConvolutionCall, context: Lowering): Value {
  const plain = context.plain(at(operation.inputs, 0));
  const [left, right] = sidePads(operation);
  const [batch = 1, height = 1, width = 1, channels = 1] = plain.shape;
  const shape = [batch, height, width + left + right, channels];
  const attributes = { pads: [0, 0, left, 0, 0, 0, right, 0], value: 0 };
  const padded = left + right === 0 ? plain : context.builder.emit('Pad', [plain], { shape }, attributes);
  return context.reshape(padded, [1, batch, height, at(shape, 2) * channels]);
}

/** Images `[parts, batch, height, width]` one after the other, or a block of them side by side. */
function inBlocks(images: Value, { side }: Cut, context: Lowering): Value {
  const { shape } = images;
  if (side === 1) return images;
  const [parts = 1, batch = 1, height = 1, width = 1] = shape;
  const blocks = context.reshape(images, [(parts * batch) / side, side, height * width]);
  return context.reshape(transposeBlocks(blocks, context), shape);
}

/** The row numbers that turn `[outer, inner]` rows into `[inner, outer]` rows. */
function swappedTable(outer: number, inner: number): Int32Array {
  return Int32Array.from(
    { length: outer * inner },
    (_, row) => (row % outer) * inner + Math.floor(row / outer),
  );
}

/**
 * The output's gradient as a filter bank, `[groups, out/B, images of a group/side, height, width, side, B out]`, from
 * blocked images `[batch, out/B, height, width, B out]`.
 */
function filtersOfBlocks(dy: Value, cut: Cut, context: Lowering): Value {
  const gradient = context.blocked(dy);
  const [batch = 1, filters = 1, height = 1, width = 1] = gradient.shape;
  const pixels = height * width;
  const parts = filters / context.block;
  // Whole images of a block of filters stay together where images stand one after the other.
  const [places, columns] = cut.side === 1 ? [1, pixels * context.block] : [pixels, context.block];
  const row = (image: number, part: number, place: number): number => (image * parts + part) * places + place;
  const rows = context.reshape(gradient, [batch * parts * places, columns]);
  return sortRows(rows, 'blocks', gradient.shape, { parts, places, row }, cut, context);
}

/** The same from images `[batch, height, width, out]`, with zeros for the filters that fill the last block. */
function filtersOfPixels(dy: Value, filled: number, cut: Cut, context: Lowering): Value {
  const { block } = context;
  const plain = context.plain(dy);
  const [batch = 1, height = 1, width = 1, filters = 1] = plain.shape;
  const pads = [0, 0, 0, 0, 0, 0, 0, filled - filters];
  const shape = [batch, height, width, filled];
  const padded = context.builder.emit('Pad', [plain], { shape }, { pads, value: 0 });
  const [parts, places] = [filled / block, height * width];
  const row = (image: number, part: number, place: number): number => (image * places + place) * parts + part;
  const rows = context.reshape(padded, [batch * parts * places, block]);
  return sortRows(rows, 'pixels', [batch, filled, height, width], { parts, places, row }, cut, context);
}

/** Where rows come from. */
interface Source {
  /** Blocks of filters. */
  readonly parts: number;
  /** Rows of an image for each of them. */
  readonly places: number;
  readonly row: (image: number, part: number, place: number) => number;
}

/** Brings rows of one block of filters into the order of a filter bank. */
function sortRows(
  rows: Value,
  from: string,
  [batch = 1, filters = 1, height = 1, width = 1]: readonly number[],
  { parts, places, row }: Source,
  { groups, side }: Cut,
  context: Lowering,
): Value {
  const shape = [groups * filters, batch / groups, height, width];
  if (parts === 1 && side === 1) return context.reshape(rows, shape);
  const table = (): Int32Array => {
    const order = new Int32Array(batch * parts * places);
    let next = 0;
    for (let group = 0; group < batch; group += batch / groups)
      for (let part = 0; part < parts; part++)
        for (let first = group; first < group + batch / groups; first += side)
          for (let place = 0; place < places; place++)
            for (let image = first; image < first + side; image++) order[next++] = row(image, part, place);
    return order;
  };
  const name = `filters of ${from} ${batch} ${groups} ${side} ${parts} ${places}`;
  return context.reshape(gatherRows(rows, name, table, context), shape);
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
