/** @file The passes within tfjs kernels, and how passes are repeated until nothing changes. */
import type { Graph, Operation } from '../graph.ts';
import type { KernelGraph, KernelOperation } from '../kernels.ts';
import { shareCommonSubexpressions } from './common-subexpressions.ts';
import { foldConstants } from './constants.ts';
import { removeDeadCode } from './dead-code.ts';
import { removeNoOps } from './no-ops.ts';
import { moveThroughPools } from './pooled-gradients.ts';
import { orderSums } from './sum-order.ts';

/** From a graph to one that computes the same, in the same dialect. */
export type Pass<Op extends Operation = Operation> = (graph: Graph<Op>) => Graph<Op>;

/** Passes that hold in every dialect. */
export const PASSES = {
  'no-ops': removeNoOps,
  constants: foldConstants,
  'common-subexpressions': shareCommonSubexpressions,
  'dead-code': removeDeadCode,
} as const satisfies Readonly<Record<string, Pass>>;

/** Over a graph of tfjs kernels only, in their order. Each returns the graph itself when it finds nothing to do. */
export const TRACED_PASSES = {
  'pooled-gradients': moveThroughPools,
  'sum-order': orderSums,
} as const satisfies Readonly<Record<string, Pass<KernelOperation>>>;

/** @param skip names of passes to leave out: results are the same without any of them */
export function simplify<Op extends Operation>(
  graph: Graph<Op>,
  skip: ReadonlySet<string> = new Set(),
): Graph<Op> {
  const passes = Object.entries(PASSES).filter(([name]) => !skip.has(name));
  let current: Graph = graph;
  for (let previous = Number.POSITIVE_INFINITY; current.operations.length < previous; ) {
    previous = current.operations.length;
    for (const [, pass] of passes) current = pass(current);
  }
  // What these passes emit, reshapes and transpositions of what was there, is in every dialect.
  return current as Graph<Op>;
}

/** Makes a recorded graph ready to be lowered. */
export function optimizeTraced(graph: KernelGraph, skip: ReadonlySet<string> = new Set()): KernelGraph {
  return applyAll(TRACED_PASSES, simplify(graph, skip), skip);
}

/** More rounds than any pass has to do. */
const MOST_ROUNDS = 10_000;

/**
 * Applies each pass until it finds nothing more to do, and simplifies what it leaves.
 *
 * @param passes each returns the graph itself when it finds nothing to do
 * @throws Error naming a pass that never does
 */
export function applyAll<Op extends Operation>(
  passes: Readonly<Record<string, Pass<Op>>>,
  graph: Graph<Op>,
  skip: ReadonlySet<string> = new Set(),
): Graph<Op> {
  let current = graph;
  for (const [name, pass] of Object.entries(passes)) {
    if (skip.has(name)) continue;
    let rounds = 0;
    for (let joined = pass(current); joined !== current; joined = pass(current)) {
      if (++rounds > MOST_ROUNDS) throw new Error(`the pass ${name} always finds something to do`);
      current = skip.has('dead-code') ? joined : removeDeadCode(joined);
    }
    current = simplify(current, skip);
  }
  return current;
}
