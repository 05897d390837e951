/** @file The passes that hold for both dialects, repeated until nothing changes. */
import type { Graph } from '../graph.ts';
import { shareCommonSubexpressions } from './common-subexpressions.ts';
import { foldConstants } from './constants.ts';
import { removeDeadCode } from './dead-code.ts';
import { removeNoOps } from './no-ops.ts';

export const PASSES = {
  'no-ops': removeNoOps,
  constants: foldConstants,
  'common-subexpressions': shareCommonSubexpressions,
  'dead-code': removeDeadCode,
} as const;

export type PassName = keyof typeof PASSES;

/** @param skip passes to leave out */
export function simplify(graph: Graph, skip: ReadonlySet<PassName> = new Set()): Graph {
  const passes = Object.entries(PASSES).filter(([name]) => !skip.has(name as PassName));
  let current = graph;
  for (let previous = Number.POSITIVE_INFINITY; current.operations.length < previous; ) {
    previous = current.operations.length;
    for (const [, pass] of passes) current = pass(current);
  }
  return current;
}
