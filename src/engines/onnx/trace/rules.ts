/** @file The form of a tracing rule: what a tfjs kernel returns, in shapes and types. */
import type { Attribute, Value, ValueType } from '../graph.ts';

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
  infer(inputs: readonly Value[], attributes: KernelAttributes): Inferred;
}

export type TraceRules = Readonly<Record<string, TraceRule>>;
