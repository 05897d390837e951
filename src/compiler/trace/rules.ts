/** @file The form of a tracing rule: what a tfjs kernel returns, in shapes and types. */
import type * as tf from '@tensorflow/tfjs';
import type { Attributes, Value, ValueType } from '../graph.ts';
import type { Kernel, TfjsKernels } from '../kernels.ts';

/** Types that a kernel can accept. Arithmetic of booleans is left out: ONNX has none. */
export const REAL: readonly ValueType[] = ['float32'];
export const NUMERIC: readonly ValueType[] = ['float32', 'int32'];
export const LOGICAL: readonly ValueType[] = ['bool'];
export const ANY: readonly ValueType[] = ['float32', 'int32', 'bool'];

export interface OutputSpec {
  readonly shape: readonly number[];
  readonly type: ValueType;
}

/** What tfjs hands to the kernels that it calls with attributes, by its own types. */
interface Calls {
  readonly ArgMax: tf.ArgMaxAttrs;
  readonly ArgMin: tf.ArgMinAttrs;
  readonly BatchMatMul: tf.BatchMatMulAttrs;
  readonly Cast: tf.CastAttrs;
  readonly ClipByValue: tf.ClipByValueAttrs;
  readonly Concat: tf.ConcatAttrs;
  readonly Conv2D: tf.Conv2DAttrs;
  readonly Conv2DBackpropFilter: tf.Conv2DBackpropFilterAttrs;
  readonly Conv2DBackpropInput: tf.Conv2DBackpropInputAttrs;
  readonly ExpandDims: tf.ExpandDimsAttrs;
  readonly Fill: tf.FillAttrs;
  readonly GatherV2: tf.GatherV2Attrs;
  readonly Max: tf.MaxAttrs;
  readonly MaxPool: tf.MaxPoolAttrs;
  readonly MaxPoolGrad: tf.MaxPoolGradAttrs;
  readonly Mean: tf.MeanAttrs;
  readonly Min: tf.MinAttrs;
  readonly PadV2: tf.PadV2Attrs;
  readonly Reshape: tf.ReshapeAttrs;
  readonly Slice: tf.SliceAttrs;
  readonly Step: tf.StepAttrs;
  readonly Sum: tf.SumAttrs;
  readonly Tile: tf.TileAttrs;
  readonly TopK: tf.TopKAttrs;
  readonly Transpose: tf.TransposeAttrs;
}

/** Attributes as tfjs hands them to a kernel; of no interest where it hands over none. */
export type CallAttributes<K extends Kernel> = K extends keyof Calls ? Calls[K] : unknown;

export interface Inferred<A extends Attributes> {
  readonly outputs: readonly OutputSpec[];
  /** What the graph keeps of the attributes: plain numbers, defaults and -1 resolved. */
  readonly attributes: A;
}

/**
 * How one kernel is recorded.
 *
 * `Call` is what tfjs hands to the kernel, `A` what the graph keeps of it.
 */
export interface TraceRule<Call, A extends Attributes> {
  /** Names of the kernel's inputs in the order in which the graph lists them; `list` for kernels that take an array. */
  readonly inputs: readonly string[] | 'list';
  /** Element types that every input may have; the rule itself refuses what is wrong only for some inputs. */
  readonly accepts: readonly ValueType[];
  infer(inputs: readonly Value[], call: Call): Inferred<A>;
}

/** A rule for every kernel. */
export type TraceRules = {
  readonly [K in Kernel]: TraceRule<CallAttributes<K>, TfjsKernels[K]>;
};
