/** @file From a step function to a simplified graph of tfjs kernels, which every compiled engine lowers in its own way. */
import type { NamedSpecs } from '../arrays.ts';
import type { KernelGraph } from './kernels.ts';
import { optimizeTraced } from './passes/simplify.ts';
import type { Signature, StepFunction } from './step.ts';
import { type TraceInput, trace } from './trace/backend.ts';

/** Prefixes of the names under which a graph takes and returns its arrays. */
export const STATE = 'state/';
export const FEED = 'feed/';
export const NEXT = 'next/';
export const FETCH = 'fetch/';

export interface TracedStep {
  /** As recorded. */
  readonly recorded: KernelGraph;
  /** Simplified. */
  readonly traced: KernelGraph;
}

/**
 * Records a step by calling it once with symbols.
 *
 * @throws Error naming the op, if the step reads values, draws random numbers or uses a kernel that cannot be compiled
 */
export function recordStep(step: StepFunction, signature: Signature): KernelGraph {
  const inputs = [...inputsOf(signature.state, STATE), ...inputsOf(signature.feeds, FEED)];
  return trace(inputs, (tensors) => {
    const result = withoutRandom(() => step(withoutPrefix(tensors, STATE), withoutPrefix(tensors, FEED)));
    return { ...withPrefix(result.state, NEXT), ...withPrefix(result.fetches, FETCH) };
  });
}

/** Numbers drawn while a step is recorded would be the same in all its runs, and others in each process. */
function withoutRandom<T>(call: () => T): T {
  const { random } = Math;
  Math.random = () => {
    throw new Error(
      'the step draws random numbers while it is built, which would be the same at every step (tf.randomNormal, tf.dropout, Math.random): let it be fed noise',
    );
  };
  try {
    return call();
  } finally {
    Math.random = random;
  }
}

/**
 * Records a step and simplifies what was recorded.
 *
 * @param skip names of passes to leave out: results are the same without any of them
 * @throws Error as `recordStep`
 */
export function traceStep(
  step: StepFunction,
  signature: Signature,
  skip: ReadonlySet<string> = new Set(),
): TracedStep {
  const recorded = recordStep(step, signature);
  return { recorded, traced: optimizeTraced(recorded, skip) };
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
