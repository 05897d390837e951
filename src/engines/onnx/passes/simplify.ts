/** @file The passes that hold for both dialects, repeated until nothing changes. */
import { suggest, UserError } from '../../../errors.ts';
import type { Graph } from '../graph.ts';
import { expandAffines } from '../lower/channel-affine.ts';
import { joinAffines } from './channel-affine.ts';
import { joinChannelProducts } from './channel-products.ts';
import { shareCommonSubexpressions } from './common-subexpressions.ts';
import { foldConstants } from './constants.ts';
import { joinConvolutionEpilogues } from './convolution-epilogues.ts';
import { removeDeadCode } from './dead-code.ts';
import { simplifyForwardPools } from './forward-pools.ts';
import { removeNoOps } from './no-ops.ts';
import { moveThroughPools } from './pooled-gradients.ts';
import { joinProductEpilogues } from './product-epilogues.ts';
import { joinSquareSums } from './square-sums.ts';
import { orderSums } from './sum-order.ts';

export const PASSES = {
  'no-ops': removeNoOps,
  constants: foldConstants,
  'common-subexpressions': shareCommonSubexpressions,
  'dead-code': removeDeadCode,
} as const;

/** Passes over a traced graph only. */
export const TRACED_PASSES = {
  'pooled-gradients': moveThroughPools,
  'sum-order': orderSums,
} as const;

/** Passes over a lowered graph only, in their order. These and those return the graph itself when they find nothing to do. */
export const LOWERED_PASSES = {
  'channel-affines': joinAffines,
  'channel-products': joinChannelProducts,
  'convolution-epilogues': joinConvolutionEpilogues,
  'forward-pools': simplifyForwardPools,
  'product-epilogues': joinProductEpilogues,
  'square-sums': joinSquareSums,
} as const;

/** The lowering to blocked images is left out like a pass. */
export const BLOCKED_LAYOUT = 'blocked-layout';

/** Splits of the graph, left out in the same way: updates of the state on the host, and what one run prepares for all. */
export const HOST_UPDATES = 'host-updates';
export const PREPARATION = 'preparation';

export type PassName =
  | keyof typeof PASSES
  | keyof typeof TRACED_PASSES
  | keyof typeof LOWERED_PASSES
  | typeof BLOCKED_LAYOUT
  | typeof HOST_UPDATES
  | typeof PREPARATION;

export const PASS_NAMES = [
  ...Object.keys(PASSES),
  ...Object.keys(TRACED_PASSES),
  BLOCKED_LAYOUT,
  ...Object.keys(LOWERED_PASSES),
  PREPARATION,
  HOST_UPDATES,
] as readonly PassName[];

/**
 * The passes of a list such as `channel-affines,dead-code`.
 *
 * @throws UserError if a name is unknown
 */
export function parsePassNames(list: string): ReadonlySet<PassName> {
  const names = list.split(',').map((name) => name.trim());
  for (const name of names.filter((name) => name !== '')) {
    if (!(PASS_NAMES as readonly string[]).includes(name))
      throw new UserError(`unknown compiler pass "${name}" in TD_SKIP_PASSES${suggest(name, PASS_NAMES)}`);
  }
  return new Set(names as PassName[]);
}

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

/** Makes a recorded graph ready to be lowered. */
export function optimizeTraced(graph: Graph, skip: ReadonlySet<PassName> = new Set()): Graph {
  return applyAll(TRACED_PASSES, simplify(graph, skip), skip);
}

/** Makes a lowered graph ready to be written. */
export function optimize(graph: Graph, skip: ReadonlySet<PassName> = new Set()): Graph {
  return simplify(expandAffines(applyAll(LOWERED_PASSES, simplify(graph, skip), skip)), skip);
}

/** Each pass until it finds nothing more to do. */
function applyAll(
  passes: Readonly<Record<string, (graph: Graph) => Graph>>,
  graph: Graph,
  skip: ReadonlySet<PassName>,
): Graph {
  let current = graph;
  for (const [name, pass] of Object.entries(passes)) {
    if (skip.has(name as PassName)) continue;
    for (let joined = pass(current); joined !== current; joined = pass(current)) {
      current = skip.has('dead-code') ? joined : removeDeadCode(joined);
    }
    current = simplify(current, skip);
  }
  return current;
}
