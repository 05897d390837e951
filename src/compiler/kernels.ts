/** @file The dialect of a recorded graph: kernels of tfjs, with the attributes that the graph keeps of each. */
import type { Constant, Graph, GraphBuilder, NoAttributes, OperationIn } from './graph.ts';

type Sizes = readonly number[];
/** Of height and width. */
export type Pair = readonly [height: number, width: number];
/** Rows and columns of zeros around an image. */
export type Margins = readonly [top: number, left: number, bottom: number, right: number];

/** Axes are sorted and counted from 0. */
export type ReductionAttributes = { readonly axes: Sizes; readonly keepDims: boolean };
export type AxisAttributes = { readonly axis: number };
/** Of a convolution and of its two gradients. */
export type ConvolutionAttributes = {
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: Margins;
};
/** Of a pool and of its gradient. */
export type PoolAttributes = { readonly window: Pair; readonly strides: Pair; readonly pads: Margins };

/** Kernels without attributes in the graph: their operands and the shape and type of their result say all. */
// biome-ignore format: a table of names
type PlainKernel =
  | 'Abs' | 'Add' | 'AddN' | 'Cast' | 'Equal' | 'Exp' | 'ExpandDims' | 'Floor' | 'Greater' | 'GreaterEqual'
  | 'Identity' | 'Less' | 'LessEqual' | 'Log' | 'Log1p' | 'LogicalAnd' | 'LogicalNot' | 'LogicalOr'
  | 'Maximum' | 'Minimum' | 'Multiply' | 'Neg' | 'NotEqual' | 'OnesLike' | 'Pow' | 'RealDiv' | 'Reciprocal'
  | 'Relu' | 'Reshape' | 'Rsqrt' | 'Select' | 'Sigmoid' | 'Sign' | 'Softplus' | 'Sqrt' | 'Square'
  | 'SquaredDifference' | 'Sub' | 'Tanh' | 'ZerosLike';

/** Defaults and negative axes are resolved: engines need not know what tfjs means by them. */
export type TfjsKernels = Readonly<Record<PlainKernel, NoAttributes>> & {
  readonly ArgMax: AxisAttributes;
  readonly ArgMin: AxisAttributes;
  readonly BatchMatMul: { readonly transposeA: boolean; readonly transposeB: boolean };
  readonly ClipByValue: { readonly clipValueMin: number; readonly clipValueMax: number };
  readonly Concat: AxisAttributes;
  readonly Conv2D: ConvolutionAttributes;
  readonly Conv2DBackpropFilter: ConvolutionAttributes;
  readonly Conv2DBackpropInput: ConvolutionAttributes;
  readonly Fill: { readonly value: number };
  readonly GatherV2: AxisAttributes;
  readonly Max: ReductionAttributes;
  readonly MaxPool: PoolAttributes;
  readonly MaxPoolGrad: PoolAttributes;
  readonly Mean: ReductionAttributes;
  readonly Min: ReductionAttributes;
  /** Rows of zeros, or of another value, before and after each axis. */
  readonly PadV2: { readonly before: Sizes; readonly after: Sizes; readonly value: number };
  readonly Slice: { readonly begin: Sizes };
  /** The value where x ≤ 0; elsewhere it is 1. */
  readonly Step: { readonly alpha: number };
  readonly Sum: ReductionAttributes;
  readonly Tile: { readonly reps: Sizes };
  readonly TopK: { readonly k: number; readonly sorted: boolean };
  readonly Transpose: { readonly perm: Sizes };
};

export type Kernel = keyof TfjsKernels;

/** A call of one kernel, or of any of several. */
export type KernelCall<K extends Kernel = Kernel> = OperationIn<TfjsKernels, K>;
export type KernelOperation = KernelCall | Constant;
export type KernelGraph = Graph<KernelOperation>;
export type KernelBuilder = GraphBuilder<KernelOperation>;
