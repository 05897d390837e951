/**
 * @file Transposed convolutions in two steps over the whole batch: a product that gives every position its contribution to each pixel under the filter, then sums of these. onnxruntime's own takes
 * both steps for one image after the other, and shares each out to all threads, which wait for each other twice an image.
 */
import { sizeOf } from '../../../arrays.ts';
import { rewrite, type Value } from '../../../compiler/graph.ts';
import { at } from '../../../lookup.ts';
import type { OnnxBuilder, OnnxCall, OnnxGraph, OnnxOperation } from '../operators.ts';

/** Of all contributions. The transposed convolution itself keeps those of one image at a time. */
const MOST_BYTES = 20 * 2 ** 20;

/** Over a lowered graph. */
export function sumColumns(graph: OnnxGraph): OnnxGraph {
  if (!graph.operations.some(isSmall)) return graph;
  return rewrite(graph, (operation, builder) =>
    isSmall(operation) ? [expand(operation, builder)] : undefined,
  );
}

function isSmall(operation: OnnxOperation): operation is OnnxCall<'ConvTranspose'> {
  if (operation.op !== 'ConvTranspose' || operation.inputs.length > 2) return false;
  return sizeOf(columnShape(operation)) * Float32Array.BYTES_PER_ELEMENT <= MOST_BYTES;
}

/** `[batch, out · height · width of the filter, height, width]`. */
function columnShape({ inputs }: OnnxCall<'ConvTranspose'>): number[] {
  const [batch = 1, , height = 1, width = 1] = at(inputs, 0).shape;
  return [batch, sizeOf(at(inputs, 1).shape.slice(1)), height, width];
}

function expand(operation: OnnxCall<'ConvTranspose'>, builder: OnnxBuilder): Value {
  const [x, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, dilations, pads } = operation.attributes;
  const [channels = 1, filters = 1, ...window] = filter.shape;
  const shape = columnShape(operation);
  const [batch = 1, taps = 1, ...positions] = shape;
  const perm = [1, 2, 3, 0];
  const turned = builder.emit('Transpose', [filter], { shape: [filters, ...window, channels] }, { perm });
  const rows = builder.emit('Reshape', [turned], { shape: [taps, channels, 1, 1] });
  const columns = builder.emit('Conv', [x, rows], { shape }, { strides: [1, 1], pads: [0, 0, 0, 0] });
  const flat = builder.emit('Reshape', [columns], { shape: [batch, taps, sizeOf(positions)] });
  const attributes = { image_shape: output.shape.slice(2), block_shape: window, strides, pads };
  return builder.emit('Col2Im', [flat], output, { ...attributes, ...(dilations && { dilations }) });
}
