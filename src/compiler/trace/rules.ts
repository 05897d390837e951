/** @file The form of a tracing rule: what a tfjs kernel returns, in shapes and types. */
import type { Attribute, Value, ValueType } from '../graph.ts';

/** Types that a kernel can accept. Arithmetic of booleans is left out: ONNX has none. */
export const REAL: readonly ValueType[] = ['float32'];
export const NUMERIC: readonly ValueType[] = ['float32', 'int32'];
export const LOGICAL: readonly ValueType[] = ['bool'];
export const ANY: readonly ValueType[] = ['float32', 'int32', 'bool'];

export interface OutputSpec {
  readonly shape: readonly number[];
  readonly type: ValueType;
}

/** Attributes as tfjs hands them to a kernel; each rule reads the ones that its kernel documents. */
export type KernelAttributes = Readonly<Record<string, unknown>>;

export interface Inferred {
  readonly outputs: readonly OutputSpec[];
  /** What the graph keeps of the attributes: plain numbers, defaults and -1 resolved. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** How one kernel is recorded. */
export interface TraceRule {
  /** Names of the kernel's inputs in the order in which the graph lists them; `list` for kernels that take an array. */
  readonly inputs: readonly string[] | 'list';
  /** Element types that every input may have; the rule itself refuses what is wrong only for some inputs. */
  readonly accepts: readonly ValueType[];
  infer(inputs: readonly Value[], attributes: KernelAttributes): Inferred;
}

export type TraceRules = Readonly<Record<string, TraceRule>>;
