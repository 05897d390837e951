/** @file Lowering of convolutions and of their gradient with respect to the input, with channels first. */
import type { Value } from '../../../compiler/graph.ts';
import type { ConvolutionAttributes } from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';
import type { OnnxOperators } from '../operators.ts';
import { convolveBlocked, inputGradientBlocked } from './blocked-convolutions.ts';
import { inputGradientByPhases } from './blocked-phases.ts';
import { type ConvolutionCall, reachOf, turnedConvolution } from './convolution-sizes.ts';
import type { Lowering, LoweringRule } from './lowering.ts';
import { convolveMinimally, inputGradientMinimally } from './minimal-filtering.ts';

/** `[height, width, in, out]` to `[out, in, height, width]`. */
const FILTER_TO_ONNX = [3, 2, 0, 1];

/** `[batch, height, width, channels]` to `[batch, channels, height, width]`. */
export function channelsFirstShape(value: Value): number[] {
  const [batch = 1, height = 1, width = 1, channels = 1] = value.shape;
  return [batch, channels, height, width];
}

export const convolution: LoweringRule<ConvolutionAttributes> = (operation, context) => {
  if (convolveMinimally(operation, context) || convolveBlocked(operation, context)) return;
  const [x, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const operands = [context.channelsFirst(x), context.transpose(context.plain(filter), FILTER_TO_ONNX)];
  const shape = channelsFirstShape(output);
  const attributes = operation.attributes;
  context.setChannelsFirst(output, context.builder.emit('Conv', operands, { shape }, attributes));
};

/** A convolution with the turned filter where there is one, else a transposed convolution of the output's gradient. */
export const inputGradient: LoweringRule<ConvolutionAttributes> = (operation, context) => {
  if (inputGradientMinimally(operation, context) || inputGradientBlocked(operation, context)) return;
  if (inputGradientByPhases(operation, context)) return;
  const [dy, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const shape = channelsFirstShape(output);
  const turned = turnedConvolution(operation);
  if (turned !== undefined) {
    const operands = [context.channelsFirst(dy), turnedFilter(context.plain(filter), context)];
    const gradient = context.builder.emit('Conv', operands, { shape }, turned);
    context.setChannelsFirst(output, gradient);
    return;
  }
  const operands = [context.channelsFirst(dy), context.transpose(context.plain(filter), FILTER_TO_ONNX)];
  const attributes = transposedAttributes(operation);
  context.setChannelsFirst(output, context.builder.emit('ConvTranspose', operands, { shape }, attributes));
};

/** Sizes of the transposed convolution, with what the strides of the convolution left unseen padded or cut off. */
function transposedAttributes(operation: ConvolutionCall): OnnxOperators['ConvTranspose'] {
  const [dy, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, dilations, pads } = operation.attributes;
  const reach = reachOf(operation, filter.shape);
  const after = reach.map((extent, axis) => {
    const covered = (at(dy.shape, axis + 1) - 1) * at(strides, axis) + extent + 1;
    return covered - at(pads, axis) - at(output.shape, axis + 1);
  });
  return {
    strides,
    dilations,
    pads: [...pads.slice(0, 2), ...after.map((extent) => Math.max(0, extent))],
    output_padding: after.map((extent) => Math.max(0, -extent)),
  };
}

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
