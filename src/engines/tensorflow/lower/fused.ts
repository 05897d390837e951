/** @file Lowering of what the passes of this engine join: kernels of TensorFlow that tfjs does not have. */
import { booleanAttribute, integerAttribute, stringAttribute, typeAttribute } from '../nodes.ts';
import type { LoweringRules } from './rules.ts';

const T = typeAttribute('float32');

const norm = (epsilon: number) => ({
  T,
  U: T,
  epsilon: { f: epsilon },
  data_format: stringAttribute('NHWC'),
  is_training: booleanAttribute(true),
});

export const fusedRules = {
  FusedBatchNorm: ({ attributes }, inputs, builder) => {
    const none = builder.constant(new Float32Array(0), [0], 'float32');
    return builder.addMany('FusedBatchNormV3', [...inputs, none, none], norm(attributes.epsilon), 6);
  },
  FusedBatchNormGrad: ({ attributes }, inputs, builder) =>
    builder.addMany('FusedBatchNormGradV3', inputs, norm(attributes.epsilon), 3),
  Convolve: (_, inputs, builder) => builder.add('TdConvolve', inputs),
  ConvolveInputGradient: (_, inputs, builder) => builder.add('TdConvolveInputGradient', inputs),
  ConvolveFilterGradient: (_, inputs, builder) => builder.add('TdConvolveFilterGradient', inputs),
  ImplicitGemm: (_, inputs, builder) => builder.add('TdImplicitGemm', inputs),
  PooledConvolution: (_, inputs, builder) => builder.add('TdPooledConvolution', inputs),
  RectifiedConvolution: (_, inputs, builder) => builder.addMany('TdRectifiedConvolution', inputs, {}, 2),
  PoolGradient: (_, inputs, builder) => builder.add('TdPoolGradient', inputs),
  ImplicitGemmInputGradient: (_, inputs, builder) => builder.add('TdImplicitGemmInputGradient', inputs),
  ImplicitGemmFilterGradient: (_, inputs, builder) => builder.add('TdImplicitGemmFilterGradient', inputs),
  ReluGrad: (_, inputs, builder) => builder.add('ReluGrad', inputs, { T }),
  ColumnRank: (_, inputs, builder) => builder.add('TdColumnRank', inputs),
  Keep: (_, inputs, builder) => builder.add('TdKeep', inputs),
  AddScaled: (_, inputs, builder) => builder.add('TdAddScaled', inputs),
  SumSquares: (_, inputs, builder) =>
    builder.add('TdSumSquares', inputs, { N: integerAttribute(inputs.length) }),
  ScaleAll: (_, inputs, builder) => {
    const count = inputs.length - 1;
    return builder.addMany('TdScaleAll', inputs, { N: integerAttribute(count) }, count);
  },
  CrossEntropy: (_, inputs, builder) => builder.addMany('TdCrossEntropy', inputs, {}, 3),
  NormRelu: (_, inputs, builder) => builder.addMany('TdNormRelu', inputs, {}, 4),
  ScaleRelu: (_, inputs, builder) => builder.add('TdScaleRelu', inputs),
  NormReluGradient: (_, inputs, builder) => builder.addMany('TdNormReluGradient', inputs, {}, 3),
  Dense: (_, inputs, builder) => builder.add('TdDense', inputs),
  DenseRelu: (_, inputs, builder) => builder.add('TdDenseRelu', inputs),
  DenseInputGradient: (_, inputs, builder) => builder.add('TdDenseInputGradient', inputs),
  DenseInputGradientRelu: (_, inputs, builder) => builder.add('TdDenseInputGradientRelu', inputs),
  DenseWeightGradient: (_, inputs, builder) => builder.add('TdDenseWeightGradient', inputs),
  DenseWeightGradientDecay: (_, inputs, builder) => builder.add('TdDenseWeightGradientDecay', inputs),
  NthLargest: (_, inputs, builder) =>
    builder.add('NthElement', inputs, { T, reverse: booleanAttribute(true) }),
} satisfies Partial<LoweringRules>;
