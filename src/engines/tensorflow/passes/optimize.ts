/** @file The passes of this engine: patterns of tfjs kernels that TensorFlow has one kernel for. */
import type { Graph } from '../../../compiler/graph.ts';
import { applyAll, type Pass, simplify, TRACED_PASSES } from '../../../compiler/passes/simplify.ts';
import { joinBatchNorms } from './batch-norms.ts';
import { joinRankLookups } from './rank-lookups.ts';
import { joinReluGradients } from './relu-gradients.ts';

/** Over a recorded graph, the first before the passes that all engines share. */
export const TENSORFLOW_PASSES = {
  'batch-norms': joinBatchNorms,
  'relu-gradients': joinReluGradients,
  'rank-lookups': joinRankLookups,
} as const satisfies Readonly<Record<string, Pass>>;

/**
 * Makes a recorded graph ready to be lowered to TensorFlow.
 *
 * @param skip names of passes to leave out; on a graphics card `rank-lookups` must be among them
 */
export function optimizeForTensorflow(recorded: Graph, skip: ReadonlySet<string> = new Set()): Graph {
  const { 'batch-norms': first, ...last } = TENSORFLOW_PASSES;
  return applyAll({ 'batch-norms': first, ...TRACED_PASSES, ...last }, simplify(recorded, skip), skip);
}
