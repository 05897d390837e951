/** @file Lowering of products, convolutions, pooling and their gradients, with channels first. */
import { sizeOf } from '../../types.ts';
import { at, type Operation, type Value } from '../graph.ts';
import type { Lowering, LoweringRule, LoweringRules } from './lowering.ts';

type Sizes = readonly number[];

/** `[height, width, in, out]` to `[out, in, height, width]`. */
const FILTER_TO_ONNX = [3, 2, 0, 1];

/** Batches of matrices by MatMul; a single pair by Gemm, which transposes its operands on the way. */
const matrixProduct: LoweringRule = (operation, context) => {
  const [a, b, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const transposes = [operation.attributes.transposeA === true, operation.attributes.transposeB === true];
  const batch = output.shape.slice(0, -2);
  if (batch.every((extent) => extent === 1)) {
    const [rows, columns] = output.shape.slice(-2) as [number, number];
    const operands = [a, b].map((operand) =>
      context.reshape(context.plain(operand), operand.shape.slice(-2)),
    );
    const [transA, transB] = transposes.map(Number) as [number, number];
    const product =
      transA + transB === 0
        ? context.builder.emit('MatMul', operands, { shape: [rows, columns] })
        : context.builder.emit('Gemm', operands, { shape: [rows, columns] }, { transA, transB });
    context.set(output, context.reshape(product, output.shape));
    return;
  }
  const operands = [a, b].map((operand, index) => {
    const plain = context.plain(operand);
    return transposes[index] ? context.transpose(plain, swapLastTwo(plain.shape.length)) : plain;
  });
  context.set(output, context.like(operation, 'MatMul', operands));
};

function swapLastTwo(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
}

function channelsFirstShape(value: Value): number[] {
  const [batch = 1, height = 1, width = 1, channels = 1] = value.shape;
  return [batch, channels, height, width];
}

function convolutionAttributes(operation: Operation): { strides: Sizes; dilations: Sizes; pads: Sizes } {
  const { strides, dilations, pads } = operation.attributes;
  return { strides: strides as Sizes, dilations: dilations as Sizes, pads: pads as Sizes };
}

const convolution: LoweringRule = (operation, context) => {
  const [x, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const operands = [context.channelsFirst(x), context.transpose(context.plain(filter), FILTER_TO_ONNX)];
  const shape = channelsFirstShape(output);
  context.setChannelsFirst(
    output,
    context.builder.emit('Conv', operands, { shape }, convolutionAttributes(operation)),
  );
};

/**
 * Gradient of a convolution with respect to its input. With stride 1, and not more padding than the filter reaches, it
 * is a convolution of the output's gradient with the filter turned by 180° and its channels swapped, which is faster
 * than the transposed convolution that serves otherwise.
 */
const inputGradient: LoweringRule = (operation, context) => {
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
  if (strides.every((stride) => stride === 1) && [...before, ...beyond].every((extent) => extent >= 0)) {
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

/**
 * Gradient of a convolution with respect to its filter: the correlation of input and output gradient over batch and
 * positions, which is a convolution with the batch as channels and strides and dilations exchanged.
 */
const filterGradient: LoweringRule = (operation, context) => {
  const [x, dy, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const { strides, dilations, pads } = convolutionAttributes(operation);
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

const maxPool: LoweringRule = (operation, context) => {
  const output = at(operation.outputs, 0);
  const { maxima } = pool(at(operation.inputs, 0), channelsFirstShape(output), operation, context);
  context.setChannelsFirst(output, maxima);
};

/** Maxima with their positions in the whole of `x` with channels first, as ONNX counts them. */
function pool(
  x: Value,
  shape: Sizes,
  { attributes }: Operation,
  context: Lowering,
): { maxima: Value; positions: Value } {
  const { window, strides, pads } = attributes;
  const maxima: Value = { shape, type: 'float32' };
  const positions: Value = { shape, type: 'int64' };
  context.builder.append({
    op: 'MaxPool',
    inputs: [context.channelsFirst(x)],
    attributes: { kernel_shape: window as Sizes, strides: strides as Sizes, pads: pads as Sizes },
    outputs: [maxima, positions],
  });
  return { maxima, positions };
}

/**
 * Sends each gradient to the first maximum of its window, as tfjs does; windows that overlap add up. It asks for the
 * pool of the forward pass once more, which is then computed only once as a common subexpression.
 */
const maxPoolGradient: LoweringRule = (operation, context) => {
  const [dy, x] = [at(operation.inputs, 0), at(operation.inputs, 1)];
  const output = at(operation.outputs, 0);
  const { positions } = pool(x, channelsFirstShape(dy), operation, context);
  const shape = channelsFirstShape(x);
  const [elements, count] = [sizeOf(shape), sizeOf(positions.shape)];
  const zeros = context.builder.emit('Expand', [context.scalar(0)], { shape: [elements] });
  const flatPositions = context.reshape(positions, [count]);
  const flatGradient = context.reshape(context.channelsFirst(dy), [count]);
  const operands = [zeros, flatPositions, flatGradient];
  const { window, strides } = operation.attributes;
  const overlaps = (window as Sizes).some((extent, axis) => extent > at(strides as Sizes, axis));
  const attributes = { axis: 0, reduction: overlaps ? 'add' : 'none' };
  const scattered = context.builder.emit('ScatterElements', operands, { shape: [elements] }, attributes);
  context.setChannelsFirst(output, context.reshape(scattered, shape));
};

export const layerRules: LoweringRules = {
  BatchMatMul: matrixProduct,
  Conv2D: convolution,
  Conv2DBackpropInput: inputGradient,
  Conv2DBackpropFilter: filterGradient,
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGradient,
};
