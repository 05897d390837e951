/** @file The dialect of a graph for TensorFlow: kernels of tfjs, and those that the passes of this engine join them to. */
import type { Constant, Graph, GraphBuilder, NoAttributes, OperationIn } from '../../compiler/graph.ts';
import type { TfjsKernels } from '../../compiler/kernels.ts';

/** Kernels of TensorFlow that tfjs does not have. */
type JoinedKernels = {
  /** Normalised images, mean, sample variance, and three values that the gradient wants. */
  readonly FusedBatchNorm: { readonly epsilon: number };
  /** Gradients with respect to images, scale and shift. */
  readonly FusedBatchNormGrad: { readonly epsilon: number };
  /** Of x `[batch, in]`, weights `[in, out]` and bias: x · weights + bias; this and the next five: td's own. */
  readonly Dense: NoAttributes;
  /** ReLU of that. */
  readonly DenseRelu: NoAttributes;
  /** Of dy and weights: dy · weights'. */
  readonly DenseInputGradient: NoAttributes;
  /** Of dy, weights and y: that where y > 0, else 0. */
  readonly DenseInputGradientRelu: NoAttributes;
  /** Of x and dy: x' · dy. */
  readonly DenseWeightGradient: NoAttributes;
  /** Of x, dy, weights and a number: that plus the number times the weights. */
  readonly DenseWeightGradientDecay: NoAttributes;
  /** Along the last axis, the value at an index of the descending sort. */
  readonly NthLargest: NoAttributes;
  /** Of images and a filter of 3 × 3, stride 1, a margin of one pixel: td's own kernels (native/kernels.cc). */
  readonly Convolve: NoAttributes;
  /** Of dy and the filter. */
  readonly ConvolveInputGradient: NoAttributes;
  /** Of images and dy. */
  readonly ConvolveFilterGradient: NoAttributes;
  /** Of images and a filter, stride 1, no margin; this and the next two: td's own kernels (native/implicit-gemm.h). */
  readonly ImplicitGemm: NoAttributes;
  /** Of images, a filter and a bias: the largest numbers, in windows of 2 × 2 that cover the images, of ReLU of such a convolution plus the bias; td's own. */
  readonly PooledConvolution: NoAttributes;
  /** That ReLU, and what the former is of it. */
  readonly RectifiedConvolution: NoAttributes;
  /** Of dy, y and the largest numbers of y in windows of 2 × 2 that cover it: dy, in each window at the first of the largest, and zeros; td's own. */
  readonly PoolGradient: NoAttributes;
  /** Of dy and the filter. */
  readonly ImplicitGemmInputGradient: NoAttributes;
  /** Of images and dy. */
  readonly ImplicitGemmFilterGradient: NoAttributes;
  /**
   * Of logits `[batch, classes]` and labels `[batch]`: cross-entropies, 1 for each right answer and else 0, and softmax less the classes of the
   * labels, which is the gradient of the cross-entropies; td's own.
   */
  readonly CrossEntropy: NoAttributes;
  /** dy where x > 0, else 0. */
  readonly ReluGrad: NoAttributes;
  /** Of each column of a weight `[…, columns]`, the magnitude at an index of the descending sort; this and the next three: td's own. */
  readonly ColumnRank: NoAttributes;
  /** Of an array, a weight, thresholds of its columns and draws: the array, zero where a weight below its threshold was drawn. */
  readonly Keep: NoAttributes;
  /** The first operand and the third, a number, times the second. */
  readonly AddScaled: NoAttributes;
  /** Of any number of arrays and a number: each array times the number; td's own. */
  readonly ScaleAll: NoAttributes;
  /** Of all elements of all operands. */
  readonly SumSquares: NoAttributes;
  /** Of images, scale, shift and epsilon: ReLU of the normalised images, mean, sample variance, and 1 / √(variance + epsilon); td's own. */
  readonly NormRelu: NoAttributes;
  /** ReLU of images times a factor plus a shift for each channel; td's own. */
  readonly ScaleRelu: NoAttributes;
  /** Of dy, images, scale, shift, mean and that inverse: gradients with respect to images, scale and shift. */
  readonly NormReluGradient: NoAttributes;
};

export type TensorflowKernels = TfjsKernels & JoinedKernels;
export type TensorflowKernel = keyof TensorflowKernels;
export type TensorflowCall<K extends TensorflowKernel = TensorflowKernel> = OperationIn<TensorflowKernels, K>;
export type TensorflowOperation = TensorflowCall | Constant;
export type TensorflowGraph = Graph<TensorflowOperation>;
export type TensorflowBuilder = GraphBuilder<TensorflowOperation>;

/** Floats in a vector of AVX-512, the widest that there are kernels for. */
export const WIDEST_LANES = 16;

/** Which kernels of td's own there are. */
export interface OwnKernels {
  /** Channels of convolutions must be multiples of this; 0 where there are none. */
  readonly lanes: number;
  /** Passes over weights; where `lanes` is not 0, those over images that are normalised, too. */
  readonly passes: boolean;
  /** Those over images of bfloat16. */
  readonly bfloat16: boolean;
  /** Products of dense layers, and many arrays times one number. */
  readonly dense: boolean;
  /** Convolutions without a margin. */
  readonly implicitGemm: boolean;
  /** Such convolutions with a pool behind them, and gradients of pools. */
  readonly pools: boolean;
  /** Updates of many arrays at once. */
  readonly updates: boolean;
  /** Cross-entropy, right answers and gradient of logits. */
  readonly crossEntropies: boolean;
}

export const NO_KERNELS: OwnKernels = {
  lanes: 0,
  passes: false,
  bfloat16: false,
  dense: false,
  implicitGemm: false,
  pools: false,
  updates: false,
  crossEntropies: false,
};
