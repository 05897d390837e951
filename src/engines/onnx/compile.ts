/** @file From a step function to an ONNX model: trace, simplify, lower, simplify again. */
import type { Signature, StepFunction } from '../types.ts';
import type { Graph } from './graph.ts';
import { lower } from './lower/lower.ts';
import { simplify } from './passes/simplify.ts';
import { trace } from './trace/backend.ts';

/** Prefixes of the names under which a model takes and returns its arrays. */
export const STATE = 'state/';
export const FEED = 'feed/';
export const NEXT = 'next/';
export const FETCH = 'fetch/';

export interface CompiledGraphs {
  /** As recorded, in tfjs kernels. */
  readonly traced: Graph;
  /** After simplification, in operators of ONNX. */
  readonly lowered: Graph;
}

/** @throws Error naming the op, if the step reads values or uses a kernel that cannot be compiled */
export function compileGraph(step: StepFunction, signature: Signature): CompiledGraphs {
  const inputs = [
    ...Object.entries(signature.state).map(([name, { shape, dtype }]) => ({
      name: STATE + name,
      shape,
      type: dtype,
    })),
    ...Object.entries(signature.feeds).map(([name, { shape, dtype }]) => ({
      name: FEED + name,
      shape,
      type: dtype,
    })),
  ];
  const skip = new Set((process.env.TD_SKIP_PASSES ?? '').split(','));
  const recorded = trace(inputs, (tensors) => {
    const result = step(withoutPrefix(tensors, STATE), withoutPrefix(tensors, FEED));
    return { ...withPrefix(result.state, NEXT), ...withPrefix(result.fetches, FETCH) };
  });
  const traced = simplify(recorded, skip);
  return { traced, lowered: simplify(lower(traced), skip) };
}

/** The entries whose names begin with a prefix, without it. */
export function withoutPrefix<T>(entries: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  const matching = Object.entries(entries).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(matching.map(([name, value]) => [name.slice(prefix.length), value]));
}

export function withPrefix<T>(entries: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [prefix + name, value]));
}
