/** @file Lowering of a max-pool's gradient without positions: WebGPU's `MaxPool` does not report them. */
import type { Value } from '../../../../compiler/graph.ts';
import type { Margins, PoolAttributes } from '../../../../compiler/kernels.ts';
import { at } from '../../../../lookup.ts';
import type { Lowering, LoweringRule } from '../lowering.ts';

type Sizes = readonly number[];

/** Below all numbers that a network computes; shaders have no literal for infinity. */
const LOWEST = -3.4028234663852886e38;

/** With channels first. */
interface Pooled {
  readonly x: Value;
  readonly dy: Value;
  readonly maxima: Value;
}

/** Sends each gradient to the first, row by row, of the pixels of its window that equal its maximum, as tfjs does. */
export const maxPoolGradient: LoweringRule<PoolAttributes> = (operation, context) => {
  const operand = (index: number) => context.channelsFirst(at(operation.inputs, index));
  const [dy, x, maxima] = [operand(0), operand(1), operand(2)];
  const pooled = { x, dy, maxima };
  const windows = operation.attributes;
  const areTiles = windows.window.join() === windows.strides.join();
  const gradient = areTiles ? spreadTiles(pooled, windows, context) : spreadAny(pooled, windows, context);
  context.setChannelsFirst(at(operation.outputs, 0), gradient);
};

/** Windows side by side: the image is seen as `[batch · channels · rows, height, columns, width]` of windows. */
function spreadTiles({ x, dy, maxima }: Pooled, { window, pads }: PoolAttributes, context: Lowering): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const [, , rows = 1, columns = 1] = dy.shape;
  const [windowHeight, windowWidth] = window;
  const [top, left] = pads;
  const [bottom, right] = [rows * windowHeight - height - top, columns * windowWidth - width - left];
  const covered = withMargins(x, [top, left, bottom, right], LOWEST, context);
  const outer = batch * channels * rows;
  const pixels = context.reshape(covered, [outer, windowHeight, columns, windowWidth]);
  const spread = spreadToFirst({ pixels, maxima, dy, windows: [outer, 1, columns, 1] }, context);
  return withMargins(context.reshape(spread, covered.shape), [-top, -left, -bottom, -right], 0, context);
}

/**
 * Any windows: their pixels are gathered as `[batch · channels, height, rows, width, columns]`. A transposed convolution, in
 * which each pixel of a window has a channel of its own, adds up what comes to a pixel of the image from several windows.
 */
function spreadAny(
  { x, dy, maxima }: Pooled,
  { window, strides, pads }: PoolAttributes,
  context: Lowering,
): Value {
  const { builder } = context;
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const [, , rows = 1, columns = 1] = dy.shape;
  const [windowHeight, windowWidth] = window;
  const [top, left] = pads;
  const [reach, breadth] = [
    (rows - 1) * at(strides, 0) + windowHeight,
    (columns - 1) * at(strides, 1) + windowWidth,
  ];
  const [bottom, right] = [reach - height - top, breadth - width - left];
  const covered = withMargins(x, [top, left, bottom, right], LOWEST, context);
  const inRows = gatherAlong(covered, 2, placesOf(windowHeight, rows, at(strides, 0)), context);
  const gathered = gatherAlong(inRows, 3, placesOf(windowWidth, columns, at(strides, 1)), context);
  const [planes, taps] = [batch * channels, windowHeight * windowWidth];
  const pixels = context.reshape(gathered, [planes, windowHeight, rows, windowWidth, columns]);
  const spread = spreadToFirst({ pixels, maxima, dy, windows: [planes, 1, rows, 1, columns] }, context);
  const byTap = context.reshape(context.transpose(spread, [0, 1, 3, 2, 4]), [planes, taps, rows, columns]);
  const identity = Float32Array.from({ length: taps * taps }, (_, index) =>
    index % (taps + 1) === 0 ? 1 : 0,
  );
  const filter = builder.constant(identity, [taps, 1, windowHeight, windowWidth], 'float32');
  const shape = [planes, 1, reach, breadth];
  const attributes = { strides, pads: [0, 0, 0, 0] };
  const added = builder.emit('ConvTranspose', [byTap, filter], { shape }, attributes);
  return withMargins(context.reshape(added, covered.shape), [-top, -left, -bottom, -right], 0, context);
}

/** Along one axis: which pixel each tap sees in each window, taps outermost. */
function placesOf(taps: number, windows: number, stride: number): Int32Array {
  const place = (index: number) => (index % windows) * stride + Math.floor(index / windows);
  return Int32Array.from({ length: taps * windows }, (_, index) => place(index));
}

function gatherAlong(x: Value, axis: number, places: Int32Array, { builder }: Lowering): Value {
  const table = builder.constant(places, [places.length], 'int32');
  const shape = x.shape.map((extent, index) => (index === axis ? places.length : extent));
  return builder.emit('Gather', [x, table], { shape }, { axis });
}

/** The gradients of the windows where their maxima are met first, and zeros elsewhere. */
function spreadToFirst(
  { pixels, maxima, dy, windows }: { pixels: Value; maxima: Value; dy: Value; windows: Sizes },
  context: Lowering,
): Value {
  const { builder } = context;
  const { shape } = pixels;
  const axes = [1, 3];
  const isMaximum = builder.emit('Equal', [pixels, context.reshape(maxima, windows)], {
    shape,
    type: 'bool',
  });
  const inWindow = shape.map((extent, axis) => (axes.includes(axis) ? extent : 1));
  const count = at(shape, 1) * at(shape, 3);
  const numbers = Float32Array.from({ length: count }, (_, place) => place);
  const order = builder.constant(numbers, inWindow, 'float32');
  const places = builder.emit('Where', [isMaximum, order, context.scalar(count)], { shape });
  const first = builder.emit('ReduceMin', [places], { shape: windows }, { axes, keepdims: 1 });
  const isFirst = builder.emit('Equal', [order, first], { shape, type: 'bool' });
  return builder.emit('Where', [isFirst, context.reshape(dy, windows), context.scalar(0)], { shape });
}

/** Images with margins added where they are positive, and cut off where they are negative. */
function withMargins(images: Value, margins: Margins, value: number, { builder }: Lowering): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = images.shape;
  const [cutTop = 0, cutLeft = 0, cutBottom = 0, cutRight = 0] = margins.map((count) => Math.max(0, -count));
  const starts = [0, 0, cutTop, cutLeft];
  const ends = [batch, channels, height - cutBottom, width - cutRight];
  const kept = ends.map((end, axis) => end - at(starts, axis));
  const cut =
    kept.join() === images.shape.join()
      ? images
      : builder.emit('Slice', [images], { shape: kept }, { starts, ends });
  const [top = 0, left = 0, bottom = 0, right = 0] = margins.map((count) => Math.max(0, count));
  const shape = [batch, channels, at(kept, 2) + top + bottom, at(kept, 3) + left + right];
  if (shape.join() === kept.join()) return cut;
  return builder.emit('Pad', [cut], { shape }, { pads: [0, 0, top, left, 0, 0, bottom, right], value });
}
