/** @file The passes of this engine: patterns of tfjs kernels that TensorFlow has one kernel for. */
import type { Graph } from '../../../compiler/graph.ts';
import { applyAll, type Pass } from '../../../compiler/passes/simplify.ts';
import { joinReluGradients } from './relu-gradients.ts';

/** In their order. Each returns the graph itself when it finds nothing to do. */
export const TENSORFLOW_PASSES = {
  'relu-gradients': joinReluGradients,
} as const satisfies Readonly<Record<string, Pass>>;

/**
 * Over a traced graph.
 *
 * @param skip names of passes to leave out
 */
export function joinKernels(graph: Graph, skip: ReadonlySet<string> = new Set()): Graph {
  return applyAll(TENSORFLOW_PASSES, graph, skip);
}
