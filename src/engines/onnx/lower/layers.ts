/** @file Lowering of products, convolutions, pooling and their gradients, with channels first. */

import { sizeOf } from '../../../arrays.ts';
import type { OperationOf, Value } from '../../../compiler/graph.ts';
import type { PoolAttributes, TfjsKernels } from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';
import { channelsFirstShape, convolution, inputGradient } from './convolutions.ts';
import { filterGradient } from './filter-gradient.ts';
import type { Lowering, LoweringRule, LoweringRules } from './lowering.ts';

type Sizes = readonly number[];

/** Batches of matrices by MatMul; a single pair by Gemm, which transposes its operands on the way. */
const matrixProduct: LoweringRule<TfjsKernels['BatchMatMul']> = (operation, context) => {
  const [a, b, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { transposeA, transposeB } = operation.attributes;
  const batch = output.shape.slice(0, -2);
  if (batch.every((extent) => extent === 1)) {
    const shape = output.shape.slice(-2);
    const operands = [a, b].map((operand) =>
      context.reshape(context.plain(operand), operand.shape.slice(-2)),
    );
    const [transA, transB] = [Number(transposeA), Number(transposeB)];
    const product =
      transposeA || transposeB
        ? context.builder.emit('Gemm', operands, { shape }, { transA, transB })
        : context.builder.emit('MatMul', operands, { shape });
    context.set(output, context.reshape(product, output.shape));
    return;
  }
  const operands = [a, b].map((operand, index) => {
    const plain = context.plain(operand);
    return [transposeA, transposeB][index]
      ? context.transpose(plain, swapLastTwo(plain.shape.length))
      : plain;
  });
  context.set(output, context.like(operation, 'MatMul', operands));
};

function swapLastTwo(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
}

const maxPool: LoweringRule<PoolAttributes> = (operation, context) => {
  const output = at(operation.outputs, 0);
  const { maxima } = pool(at(operation.inputs, 0), channelsFirstShape(output), operation, context);
  context.setChannelsFirst(output, maxima);
};

/** Maxima with their positions in the whole of `x` with channels first, as ONNX counts them. */
function pool(
  x: Value,
  shape: Sizes,
  { attributes }: OperationOf<string, PoolAttributes>,
  context: Lowering,
): { maxima: Value; positions: Value } {
  const { window, strides, pads } = attributes;
  const maxima: Value = { shape, type: 'float32' };
  const positions: Value = { shape, type: 'int64' };
  context.builder.append({
    op: 'MaxPool',
    inputs: [context.channelsFirst(x)],
    attributes: { kernel_shape: window, strides, pads },
    outputs: [maxima, positions],
  });
  return { maxima, positions };
}

/**
 * Sends each gradient to the first maximum of its window, as tfjs does; windows that overlap add up. It asks for the
 * pool of the forward pass once more, which is then computed only once as a common subexpression.
 */
const maxPoolGradient: LoweringRule<PoolAttributes> = (operation, context) => {
  const [dy, x] = [at(operation.inputs, 0), at(operation.inputs, 1)];
  const output = at(operation.outputs, 0);
  const { positions } = pool(x, channelsFirstShape(dy), operation, context);
  const shape = channelsFirstShape(x);
  const { window, strides, pads } = operation.attributes;
  const gradient = context.channelsFirst(dy);
  if (window.every((extent, axis) => extent <= at(strides, axis))) {
    // Without the pads onnxruntime takes a window that hangs over the edge for one that does not fit.
    const attributes = { kernel_shape: window, strides, pads };
    const unpooled = context.builder.emit('MaxUnpool', [gradient, positions], { shape }, attributes);
    context.setChannelsFirst(output, unpooled);
    return;
  }
  const [elements, count] = [sizeOf(shape), sizeOf(positions.shape)];
  const zeros = context.builder.emit('Expand', [context.scalar(0)], { shape: [elements] });
  const operands = [zeros, context.reshape(positions, [count]), context.reshape(gradient, [count])];
  const attributes = { axis: 0, reduction: 'add' } as const;
  const scattered = context.builder.emit('ScatterElements', operands, { shape: [elements] }, attributes);
  context.setChannelsFirst(output, context.reshape(scattered, shape));
};

export const layerRules = {
  BatchMatMul: matrixProduct,
  Conv2D: convolution,
  Conv2DBackpropInput: inputGradient,
  Conv2DBackpropFilter: filterGradient,
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGradient,
} satisfies Partial<LoweringRules>;
