/** @file The blocked layout of onnxruntime's fastest CPU kernels: channels in blocks, innermost. */

import { sizeOf } from '../../../arrays.ts';
import type { AttributesArgument, Value } from '../../../compiler/graph.ts';
import { at } from '../../../lookup.ts';
import type { OnnxOperation, OnnxOperator } from '../operators.ts';
import { BLOCKED, type Lowering } from './lowering.ts';

/** Shape of a rank-4 value as blocked operators name it: `[batch, channels, height, width]`. */
export function blockedShape({ shape: [batch = 1, height = 1, width = 1, channels = 1] }: Value): number[] {
  return [batch, channels, height, width];
}

/**
 * A blocked filter bank, of the order `[out/B, in/B, height, width, B in, B out]`, or `[out/B, in, height, width, B out]`
 * for images with fewer channels than a block.
 *
 * @param filter `[height, width, in, out]`
 */
export function blockedFilter(filter: Value, context: Lowering): Value {
  const [height = 1, width = 1, input = 1, output = 1] = filter.shape;
  const block = context.block;
  const taps = height * width;
  const moved =
    input < block
      ? transposeRows(context.reshape(filter, [taps, input, output / block, block]), [2, 1, 0, 3], context)
      : transposeRows(
          context.reshape(filter, [taps, input / block, block, output / block, block]),
          [3, 1, 0, 2, 4],
          context,
        );
  return context.reshape(moved, [output, input, height, width]);
}

/**
 * The filter bank of the input gradient, in blocks: turned by 180° and with its channels swapped. Convolving the output's gradient with it
 * brings each number back to the pixels that the filter read.
 */
export function turnedBlockedFilter(filter: Value, context: Lowering): Value {
  const [height = 1, width = 1, input = 1, output = 1] = filter.shape;
  const { block } = context;
  const taps = height * width;
  const parts = context.reshape(filter, [taps, input / block, block, output / block, block]);
  const turned = transposeRows(parts, [1, 3, 0, 2, 4], context, (tap) => taps - 1 - tap);
  const moved = transposeBlocks(
    context.reshape(turned, [sizeOf(turned.shape) / block ** 2, block, block]),
    context,
  );
  return context.reshape(moved, [input, output, height, width]);
}

/** An operator on blocked images; `shape` is that of its result, `[batch, channels, height, width]`. */
export function emitBlocked<Op extends OnnxOperator>(
  { builder }: Lowering,
  op: Op,
  operands: readonly Value[],
  shape: readonly number[],
  ...attributes: AttributesArgument<OnnxOperation, Op>
): Value {
  return builder.emitIn(BLOCKED, op, operands, { shape }, ...attributes);
}

/** Blocked images with zeros around, in one pass on all threads: a convolution of each channel with a single 1. */
export function padBlocked(
  images: Value,
  [top = 0, left = 0, bottom = 0, right = 0]: readonly number[],
  context: Lowering,
): Value {
  if (top + left + bottom + right === 0) return images;
  const [batch = 1, channels = 1, height = 1, width = 1] = images.shape;
  const ones = context.builder.constant(new Float32Array(channels).fill(1), [channels, 1, 1, 1], 'float32');
  const attributes = { group: channels, kernel_shape: [1, 1], pads: [top, left, bottom, right] };
  const shape = [batch, channels, height + top + bottom, width + left + right];
  return emitBlocked(context, 'Conv', [images, ones], shape, attributes);
}

/** Copies rows of a matrix in the order of a constant table, which onnxruntime does on all threads. */
export function gatherRows(matrix: Value, name: string, table: () => Int32Array, context: Lowering): Value {
  const indices = context.sharedTable(name, table);
  const shape = [at(indices.shape, 0), at(matrix.shape, 1)];
  return context.builder.emit('Gather', [matrix, indices], { shape }, { axis: 0 });
}

/**
 * Transposes matrices of one block of rows, `[matrices, B, columns]` to `[matrices, columns, B]`, as images are brought
 * into blocks. onnxruntime's own operator for it is as fast on one thread, and two to ten times as slow on two.
 */
export function transposeBlocks(matrices: Value, context: Lowering): Value {
  const [count = 1, rows = 1, columns = 1] = matrices.shape;
  const images = context.reshape(matrices, [count, rows, columns, 1]);
  const moved = emitBlocked(context, 'ReorderInput', [images], images.shape, { channels_last: 0 });
  return context.reshape(moved, [count, columns, rows]);
}

/** For fewer rows, onnxruntime's Transpose is as fast as gathering them. */
const FEWEST_GATHERED_ROWS = 64;

/**
 * Transposes all axes but the last, which stays innermost: its rows are gathered in their new order, on all threads and
 * several times as fast as onnxruntime transposes more than two axes.
 *
 * @param place where the first axis is read, if not in its order
 */
export function transposeRows(
  value: Value,
  perm: readonly number[],
  context: Lowering,
  place: (first: number) => number = (first) => first,
): Value {
  const { shape } = value;
  const columns = at(shape, shape.length - 1);
  const count = sizeOf(shape) / columns;
  const isInOrder = place(0) === 0;
  if (count < FEWEST_GATHERED_ROWS && isInOrder) return context.transpose(value, perm);
  const moved = perm.map((axis) => at(shape, axis));
  const strides = shape.slice(0, -1).map((_, axis) => sizeOf(shape.slice(axis + 1, -1)));
  const table = (): Int32Array => {
    const rows = new Int32Array(count);
    for (let row = 0; row < count; row++) {
      let [rest, source] = [row, 0];
      for (let axis = moved.length - 2; axis >= 0; axis--) {
        const [extent, from] = [at(moved, axis), at(perm, axis)];
        const index = rest % extent;
        rest = Math.floor(rest / extent);
        source += (from === 0 ? place(index) : index) * at(strides, from);
      }
      rows[row] = source;
    }
    return rows;
  };
  const matrix = context.reshape(value, [count, columns]);
  const name = `rows ${shape.join()} ${perm.join()} ${isInOrder}`;
  return context.reshape(gatherRows(matrix, name, table, context), moved);
}
