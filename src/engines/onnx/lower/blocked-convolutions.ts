/** @file Lowering of convolutions and of their input gradients to operators on blocked images. */
import { at } from '../../../lookup.ts';
import { blockedFilter, blockedShape, emitBlocked, turnedBlockedFilter } from './blocked.ts';
import { type ConvolutionCall, turnedConvolution } from './convolution-sizes.ts';
import type { Lowering } from './lowering.ts';

/** Lowers a convolution if its channels come in whole blocks; images of few channels may stay unblocked. */
export function convolveBlocked(operation: ConvolutionCall, context: Lowering): boolean {
  const [x, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const [kernelHeight = 1, kernelWidth = 1, channels = 1] = filter.shape;
  const isNarrow = channels < context.block;
  if (!context.canBlock(output) || !(isNarrow || context.canBlock(x))) return false;
  const images = isNarrow ? context.channelsFirst(x) : context.blocked(x);
  const operands = [images, blockedFilter(context.plain(filter), context)];
  const attributes = { kernel_shape: [kernelHeight, kernelWidth], ...operation.attributes };
  context.setBlocked(output, emitBlocked(context, 'Conv', operands, blockedShape(output), attributes));
  return true;
}

/** Lowers the input gradient of a convolution that moves by single steps as the convolution with the turned filter. */
export function inputGradientBlocked(operation: ConvolutionCall, context: Lowering): boolean {
  const [dy, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const turned = turnedConvolution(operation);
  if (turned === undefined || !context.canBlock(output) || !context.canBlock(dy)) return false;
  const operands = [context.blocked(dy), turnedBlockedFilter(context.plain(filter), context)];
  const attributes = { kernel_shape: filter.shape.slice(0, 2), ...turned };
  context.setBlocked(output, emitBlocked(context, 'Conv', operands, blockedShape(output), attributes));
  return true;
}
