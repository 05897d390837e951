/** @file Lowering of convolutions and of their gradient with respect to the input, with channels first. */
import { sizeOf } from '../../types.ts';
import { at, type Operation, type Value } from '../graph.ts';
import type { Lowering, LoweringRule } from './lowering.ts';

type Sizes = readonly number[];

/** `[height, width, in, out]` to `[out, in, height, width]`. */
const FILTER_TO_ONNX = [3, 2, 0, 1];
/** Beyond this ratio of input to output positions, an input gradient is computed by transposed convolution. */
const LARGEST_GROWTH = 1.25;

/** `[batch, height, width, channels]` to `[batch, channels, height, width]`. */
export function channelsFirstShape(value: Value): number[] {
  const [batch = 1, height = 1, width = 1, channels = 1] = value.shape;
  return [batch, channels, height, width];
}

export function convolutionAttributes(operation: Operation): {
  strides: Sizes;
  dilations: Sizes;
  pads: Sizes;
} {
  const { strides, dilations, pads } = operation.attributes;
  return { strides: strides as Sizes, dilations: dilations as Sizes, pads: pads as Sizes };
}

export const convolution: LoweringRule = (operation, context) => {
  const [x, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const operands = [context.channelsFirst(x), context.transpose(context.plain(filter), FILTER_TO_ONNX)];
  const shape = channelsFirstShape(output);
  context.setChannelsFirst(
    output,
    context.builder.emit('Conv', operands, { shape }, convolutionAttributes(operation)),
  );
};

/**
 * Gradient of a convolution with respect to its input: a transposed convolution of the output's gradient. With stride
 * 1, and not more padding than the filter reaches, it is also a convolution with the filter turned by 180° and its
 * channels swapped, which is faster unless the input is so much larger than the output that most of it is padding.
 */
export const inputGradient: LoweringRule = (operation, context) => {
  const [dy, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, dilations, pads } = convolutionAttributes(operation);
  const shape = channelsFirstShape(output);
  const gradient = context.channelsFirst(dy);
  const kernel = filter.shape.slice(0, 2);
  const reach = kernel.map((extent, axis) => (extent - 1) * at(dilations, axis));
  const spatial = [at(output.shape, 1), at(output.shape, 2)];
  const before = reach.map((extent, axis) => extent - at(pads, axis));
  const beyond = spatial.map(
    (extent, axis) => extent + at(reach, axis) - at(gradient.shape, axis + 2) - at(before, axis),
  );
  const growth = sizeOf(spatial) / sizeOf(gradient.shape.slice(2));
  const turns =
    strides.every((stride) => stride === 1) && [...before, ...beyond].every((extent) => extent >= 0);
  if (turns && growth <= LARGEST_GROWTH) {
    const operands = [gradient, turnedFilter(context.plain(filter), context)];
    const attributes = { strides, dilations, pads: [...before, ...beyond] };
    context.setChannelsFirst(output, context.builder.emit('Conv', operands, { shape }, attributes));
    return;
  }
  const covered = spatial.map(
    (_, axis) => (at(gradient.shape, axis + 2) - 1) * at(strides, axis) + at(reach, axis) + 1,
  );
  const after = covered.map((extent, axis) => extent - at(pads, axis) - at(spatial, axis));
  const outputPadding = after.map((extent) => Math.max(0, -extent));
  const operands = [gradient, context.transpose(context.plain(filter), FILTER_TO_ONNX)];
  const attributes = {
    strides,
    dilations,
    pads: [...pads.slice(0, 2), ...after.map((extent) => Math.max(0, extent))],
    output_padding: outputPadding,
  };
  context.setChannelsFirst(output, context.builder.emit('ConvTranspose', operands, { shape }, attributes));
};

/** `[height, width, in, out]` to `[in, out, height, width]`, turned by 180°. */
function turnedFilter(filter: Value, context: Lowering): Value {
  const [height = 1, width = 1, input = 1, output = 1] = filter.shape;
  const positions = height * width;
  const flat = context.reshape(filter, [positions, input, output]);
  const order = BigInt64Array.from({ length: positions }, (_, index) => BigInt(positions - 1 - index));
  const indices = context.builder.constant(order, [positions], 'int64');
  const turned = context.builder.emit('Gather', [flat, indices], { shape: flat.shape }, { axis: 0 });
  const moved = context.transpose(turned, [1, 2, 0]);
  return context.reshape(moved, [input, output, height, width]);
}
