/** @file From a step function to an ONNX model: trace, simplify, lower, simplify again. */
import type { NamedSpecs, Signature, StepFunction } from '../types.ts';
import type { Graph } from './graph.ts';
import { lower } from './lower/lower.ts';
import { BLOCKED_LAYOUT, optimize, optimizeTraced, type PassName } from './passes/simplify.ts';
import { type TraceInput, trace } from './trace/backend.ts';

/** Prefixes of the names under which a model takes and returns its arrays. */
export const STATE = 'state/';
export const FEED = 'feed/';
export const NEXT = 'next/';
export const FETCH = 'fetch/';

export interface CompiledGraphs {
  /** In tfjs kernels, as recorded. */
  readonly recorded: Graph;
  /** In tfjs kernels, simplified. */
  readonly traced: Graph;
  /** In operators of ONNX, simplified. */
  readonly lowered: Graph;
}

export interface CompileOptions {
  /** Passes to leave out: results are the same without any of them. */
  readonly skip?: ReadonlySet<PassName>;
  /** Channels in a block of onnxruntime's blocked layout on this machine; without it the layout is not used. */
  readonly block?: number;
}

/**
 * Compiles a step as far as the operators of ONNX.
 *
 * @throws Error naming the op, if the step reads values or uses a kernel that cannot be compiled
 */
export function compileGraph(
  step: StepFunction,
  signature: Signature,
  { skip = new Set(), block = 0 }: CompileOptions = {},
): CompiledGraphs {
  const inputs = [...inputsOf(signature.state, STATE), ...inputsOf(signature.feeds, FEED)];
  const recorded = trace(inputs, (tensors) => {
    const result = step(withoutPrefix(tensors, STATE), withoutPrefix(tensors, FEED));
    return { ...withPrefix(result.state, NEXT), ...withPrefix(result.fetches, FETCH) };
  });
  const traced = optimizeTraced(recorded, skip);
  return { recorded, traced, lowered: optimize(lower(traced, skip.has(BLOCKED_LAYOUT) ? 0 : block), skip) };
}

function inputsOf(specs: NamedSpecs, prefix: string): TraceInput[] {
  return Object.entries(specs).map(([name, { shape, dtype }]) => ({
    name: prefix + name,
    shape,
    type: dtype,
  }));
}

/** The entries whose names begin with a prefix, without it. */
export function withoutPrefix<T>(entries: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  const matching = Object.entries(entries).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(matching.map(([name, value]) => [name.slice(prefix.length), value]));
}

export function withPrefix<T>(entries: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [prefix + name, value]));
}
