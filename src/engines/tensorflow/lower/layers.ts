/** @file Lowering of products, convolutions, pools and their gradients. Images stay as tfjs lays them out, channels last. */
import type { Value } from '../../../compiler/graph.ts';
import type {
  ConvolutionAttributes,
  Margins,
  Pair,
  PoolAttributes,
  TfjsKernels,
} from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';
import {
  booleanAttribute,
  integersAttribute,
  type NodeAttributes,
  stringAttribute,
  typeAttribute,
} from '../nodes.ts';
import { type LoweringRule, type LoweringRules, operand, result } from './rules.ts';

const T = typeAttribute('float32');

interface Window {
  /** Height and width of the image that the window moves over, and of what it yields. */
  readonly image: Value;
  readonly yields: Value;
  /** Pixels from the first to the last that the window touches, both included. */
  readonly reach: Pair;
  readonly strides: Pair;
  readonly pads: Margins;
}

/** Padding in TensorFlow's words. Its fastest kernels know VALID and SAME only. */
function paddingAttributes({ image, yields, reach, strides, pads }: Window): NodeAttributes {
  const [top, left, bottom, right] = pads;
  if ([top, left, bottom, right].every((pad) => pad === 0)) return { padding: stringAttribute('VALID') };
  const isSame = ([0, 1] as const).every((axis) => {
    const extent = at(image.shape, axis + 1);
    const positions = Math.ceil(extent / strides[axis]);
    const total = Math.max(0, (positions - 1) * strides[axis] + reach[axis] - extent);
    const [before, after] = axis === 0 ? [top, bottom] : [left, right];
    const isBalanced = before === Math.floor(total / 2) && after === total - before;
    return isBalanced && at(yields.shape, axis + 1) === positions;
  });
  if (isSame) return { padding: stringAttribute('SAME') };
  return {
    padding: stringAttribute('EXPLICIT'),
    explicit_paddings: integersAttribute([0, 0, top, bottom, left, right, 0, 0]),
  };
}

/** @param filter shape `[height, width, channels in, channels out]` */
function convolutionAttributes(
  { strides, dilations, pads }: ConvolutionAttributes,
  image: Value,
  filter: readonly number[],
  yields: Value,
): NodeAttributes {
  const reachAlong = (axis: 0 | 1): number => (at(filter, axis) - 1) * dilations[axis] + 1;
  return {
    T,
    strides: integersAttribute([1, ...strides, 1]),
    dilations: integersAttribute([1, ...dilations, 1]),
    data_format: stringAttribute('NHWC'),
    use_cudnn_on_gpu: booleanAttribute(true),
    ...paddingAttributes({ image, yields, reach: [reachAlong(0), reachAlong(1)], strides, pads }),
  };
}

/**
 * A convolution at every pixel, of whose result only the pixels at the strides are kept. With different strides down and across, oneDNN
 * as TensorFlow 2.21 uses it convolves images of one channel wrongly.
 */
const convolveWithUnequalStrides: LoweringRule<ConvolutionAttributes> = (operation, inputs, builder) => {
  const { strides, dilations, pads } = operation.attributes;
  const [top, left, bottom, right] = pads;
  const amounts = Int32Array.of(0, 0, top, bottom, left, right, 0, 0);
  const operands = [at(inputs, 0), builder.constant(amounts, [4, 2], 'int32'), builder.scalar(0, 'float32')];
  const padded = builder.add('PadV2', operands, { T, Tpaddings: typeAttribute('int32') });
  const everywhere = builder.add('Conv2D', [padded, at(inputs, 1)], {
    T,
    strides: integersAttribute([1, 1, 1, 1]),
    dilations: integersAttribute([1, ...dilations, 1]),
    data_format: stringAttribute('NHWC'),
    padding: stringAttribute('VALID'),
  });
  const { shape } = result(operation);
  const end = shape.map((extent, axis) =>
    axis === 1 || axis === 2 ? (extent - 1) * at(strides, axis - 1) + 1 : extent,
  );
  const range = [builder.integers([0, 0, 0, 0]), builder.integers(end), builder.integers([1, ...strides, 1])];
  return builder.add('StridedSlice', [everywhere, ...range], { T, Index: typeAttribute('int32') });
};

function poolAttributes(
  { window, strides, pads }: PoolAttributes,
  image: Value,
  yields: Value,
): NodeAttributes {
  return {
    T,
    ksize: integersAttribute([1, ...window, 1]),
    strides: integersAttribute([1, ...strides, 1]),
    data_format: stringAttribute('NHWC'),
    ...paddingAttributes({ image, yields, reach: window, strides, pads }),
  };
}

/** TensorFlow has one kernel for the product of two matrices and another for batches of them. */
const matrixProduct: LoweringRule<TfjsKernels['BatchMatMul']> = (operation, inputs, builder) => {
  const { shape } = result(operation);
  const { transposeA, transposeB } = operation.attributes;
  const isSingle = shape.slice(0, -2).every((extent) => extent === 1);
  if (!isSingle) {
    const adjoint = { adj_x: booleanAttribute(transposeA), adj_y: booleanAttribute(transposeB) };
    return builder.add('BatchMatMulV2', inputs, { T, ...adjoint });
  }
  const matrices = inputs.map((input, index) =>
    builder.reshape(input, operand(operation, index).shape.slice(-2), 'float32'),
  );
  const product = builder.add('MatMul', matrices, {
    T,
    transpose_a: booleanAttribute(transposeA),
    transpose_b: booleanAttribute(transposeB),
  });
  return builder.reshape(product, shape, 'float32');
};

export const layerRules = {
  BatchMatMul: matrixProduct,
  Conv2D: (operation, inputs, builder) => {
    const { strides } = operation.attributes;
    if (strides[0] !== strides[1]) return convolveWithUnequalStrides(operation, inputs, builder);
    const [x, filter] = [operand(operation, 0), operand(operation, 1)];
    const attributes = convolutionAttributes(operation.attributes, x, filter.shape, result(operation));
    return builder.add('Conv2D', inputs, attributes);
  },
  Conv2DBackpropInput: (operation, inputs, builder) => {
    const [dy, filter, x] = [operand(operation, 0), operand(operation, 1), result(operation)];
    const operands = [builder.integers(x.shape), at(inputs, 1), at(inputs, 0)];
    const attributes = convolutionAttributes(operation.attributes, x, filter.shape, dy);
    return builder.add('Conv2DBackpropInput', operands, attributes);
  },
  Conv2DBackpropFilter: (operation, inputs, builder) => {
    const [x, dy, filter] = [operand(operation, 0), operand(operation, 1), result(operation)];
    const operands = [at(inputs, 0), builder.integers(filter.shape), at(inputs, 1)];
    const attributes = convolutionAttributes(operation.attributes, x, filter.shape, dy);
    return builder.add('Conv2DBackpropFilter', operands, attributes);
  },
  MaxPool: (operation, inputs, builder) =>
    builder.add(
      'MaxPool',
      inputs,
      poolAttributes(operation.attributes, operand(operation), result(operation)),
    ),
  MaxPoolGrad: (operation, inputs, builder) => {
    const [dy, x] = [operand(operation, 0), operand(operation, 1)];
    const operands = [at(inputs, 1), at(inputs, 2), at(inputs, 0)];
    return builder.add('MaxPoolGrad', operands, poolAttributes(operation.attributes, x, dy));
  },
} satisfies Partial<LoweringRules>;
