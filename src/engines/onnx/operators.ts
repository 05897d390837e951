/** @file The dialect of a lowered graph: operators of ONNX, and those that onnxruntime and this compiler add to them. */
import type { Constant, Graph, GraphBuilder, NoAttributes, OperationIn } from '../../compiler/graph.ts';

type Sizes = readonly number[];
/** ONNX writes yes and no as numbers. */
type Flag = 0 | 1;

type Reduction = { readonly axes: Sizes; readonly keepdims: Flag };
type Pool = { readonly kernel_shape: Sizes; readonly strides: Sizes; readonly pads: Sizes };

/** What a convolution of onnxruntime's own, on blocked images, can do to its result. */
export type Activation = 'Relu' | 'HardSigmoid';

/** Operators without attributes. */
// biome-ignore format: a table of names
export type PlainOperator =
  | 'Abs' | 'Add' | 'And' | 'Cast' | 'Clip' | 'Div' | 'Equal' | 'Exp' | 'Expand' | 'Floor' | 'GlobalAveragePool'
  | 'Greater' | 'GreaterOrEqual' | 'Identity' | 'Less' | 'LessOrEqual' | 'Log' | 'MatMul' | 'Max' | 'Min' | 'Mul' | 'Neg'
  | 'Not' | 'Or' | 'Pow' | 'Reciprocal' | 'Relu' | 'Reshape' | 'Sigmoid' | 'Sign' | 'Softplus' | 'Sqrt' | 'Sub' | 'Tanh'
  | 'Where' | 'Xor';

/**
 * Of opset 18, except that integer operands known at compile time (axes, shapes, pads) stand as attributes; `serialize.ts` turns
 * them into operands.
 */
export type OnnxOperators = Readonly<Record<PlainOperator, NoAttributes>> & {
  readonly ArgMax: { readonly axis: number; readonly keepdims: Flag };
  readonly ArgMin: { readonly axis: number; readonly keepdims: Flag };
  /** The compiler's own (`lower/channel-affine.ts`). */
  readonly ChannelAffine: { readonly activation?: Activation };
  readonly Concat: { readonly axis: number };
  readonly Conv: {
    readonly kernel_shape?: Sizes;
    readonly strides?: Sizes;
    readonly dilations?: Sizes;
    readonly pads?: Sizes;
    readonly group?: number;
    readonly activation?: Activation;
    readonly activation_params?: Sizes;
  };
  readonly Col2Im: {
    readonly image_shape: Sizes;
    readonly block_shape: Sizes;
    readonly strides: Sizes;
    readonly dilations?: Sizes;
    readonly pads: Sizes;
  };
  readonly ConvTranspose: {
    readonly strides: Sizes;
    readonly dilations?: Sizes;
    readonly pads: Sizes;
    readonly output_padding?: Sizes;
  };
  /** Of onnxruntime: MatMul that transposes the matrices of either operand on the way. */
  readonly FusedMatMul: { readonly transA: Flag; readonly transB: Flag };
  readonly Gather: { readonly axis: number };
  readonly Gemm: { readonly transA?: number; readonly transB?: number; readonly beta?: number };
  readonly HardSigmoid: { readonly alpha: number; readonly beta: number };
  readonly MaxPool: Pool;
  readonly MaxUnpool: Pool;
  readonly Pad: { readonly pads: Sizes; readonly value: number };
  readonly ReduceMax: Reduction;
  readonly ReduceMean: Reduction;
  readonly ReduceMin: Reduction;
  readonly ReduceSum: Reduction;
  readonly ReduceSumSquare: Reduction;
  /** Of onnxruntime: images into blocks of channels, and back. */
  readonly ReorderInput: { readonly channels_last: Flag };
  readonly ReorderOutput: { readonly channels: number; readonly channels_last: Flag };
  readonly ScatterElements: { readonly axis: number; readonly reduction: 'add' };
  readonly Slice: { readonly starts: Sizes; readonly ends: Sizes };
  readonly Tile: { readonly repeats: Sizes };
  /** Without k, its number is a second operand. */
  readonly TopK: {
    readonly k?: number;
    readonly sorted: Flag;
    readonly largest: Flag;
    readonly axis: number;
  };
  readonly Transpose: { readonly perm: Sizes };
};

export type OnnxOperator = keyof OnnxOperators;
export type OnnxCall<Op extends OnnxOperator = OnnxOperator> = OperationIn<OnnxOperators, Op>;
export type OnnxOperation = OnnxCall | Constant;
export type OnnxGraph = Graph<OnnxOperation>;
export type OnnxBuilder = GraphBuilder<OnnxOperation>;
