/** @file The passes of this engine: patterns of tfjs kernels that TensorFlow has one kernel for. */
import type { KernelGraph } from '../../../compiler/kernels.ts';
import { applyAll, type Pass, simplify, TRACED_PASSES } from '../../../compiler/passes/simplify.ts';
import type { Precision } from '../../../settings/precision.ts';
import { MINIMAL_FILTERING } from '../../minimal-filtering.ts';
import { NO_KERNELS, type OwnKernels, type TensorflowGraph, type TensorflowOperation } from '../kernels.ts';
import { joinBatchNorms } from './batch-norms.ts';
import { joinCrossEntropies } from './cross-entropies.ts';
import { joinDenseLayers } from './dense-layers.ts';
import { takeImplicitGemm } from './implicit-gemm.ts';
import { filterMinimally } from './minimal-filtering.ts';
import { joinNormActivations } from './norm-activations.ts';
import { joinPools } from './pools.ts';
import { joinRankLookups } from './rank-lookups.ts';
import { joinReluGradients } from './relu-gradients.ts';
import { joinScales } from './scales.ts';
import { joinWeightPasses } from './weight-passes.ts';

/** Over a recorded graph, the first before the passes that all engines share. */
export const TENSORFLOW_PASSES = {
  'batch-norms': joinBatchNorms,
  'relu-gradients': joinReluGradients,
  'rank-lookups': joinRankLookups,
} as const satisfies Readonly<Record<string, Pass<TensorflowOperation>>>;

/** The last passes, where td has kernels of its own. */
export const WEIGHT_PASSES = 'weight-passes';
export const NORM_ACTIVATIONS = 'norm-activations';
export const DENSE_LAYERS = 'dense-layers';
export const SCALES = 'scales';
export const CROSS_ENTROPIES = 'cross-entropies';
export const IMPLICIT_GEMM = 'implicit-gemm';
export const POOLS = 'pools';
/** After all others: of updates, not of the graph. */
export const JOINED_UPDATES = 'joined-updates';

/** Cards round operands to TF32 by themselves. */
export type PlannedPrecision = Exclude<Precision, 'tensorfloat32'>;

/**
 * Makes a recorded graph ready to be lowered to TensorFlow.
 *
 * @param skip names of passes to leave out; on a graphics card `rank-lookups` must be among them
 * @param precision of convolutions and matrix products
 */
export function optimizeForTensorflow(
  recorded: KernelGraph,
  skip: ReadonlySet<string> = new Set(),
  { lanes, passes, bfloat16, dense, implicitGemm, pools, crossEntropies }: OwnKernels = NO_KERNELS,
  precision: PlannedPrecision = 'float32',
): TensorflowGraph {
  const { 'batch-norms': first, ...last } = TENSORFLOW_PASSES;
  // The passes over kernels of tfjs leave those alone that they do not know.
  const shared = TRACED_PASSES as unknown as Readonly<Record<string, Pass<TensorflowOperation>>>;
  const simplified: TensorflowGraph = simplify(recorded, skip);
  const own: Readonly<Record<string, Pass<TensorflowOperation>>> = {
    ...(lanes > 0 &&
      precision === 'float32' && {
        [MINIMAL_FILTERING]: (graph: TensorflowGraph) => filterMinimally(graph, lanes),
      }),
    ...((precision === 'float32' ? passes : bfloat16) &&
      lanes > 0 && {
        [NORM_ACTIVATIONS]: (graph: TensorflowGraph) => joinNormActivations(graph, lanes),
      }),
    ...(passes && { [WEIGHT_PASSES]: joinWeightPasses }),
    ...(crossEntropies && precision === 'float32' && { [CROSS_ENTROPIES]: joinCrossEntropies }),
    ...(dense && { [SCALES]: joinScales }),
    ...(dense && precision === 'float32' && { [DENSE_LAYERS]: joinDenseLayers }),
    ...(implicitGemm &&
      precision === 'float32' && {
        [IMPLICIT_GEMM]: (graph: TensorflowGraph) => takeImplicitGemm(graph, lanes),
      }),
    ...(pools && precision === 'float32' && { [POOLS]: joinPools }),
  };
  return applyAll({ 'batch-norms': first, ...shared, ...last, ...own }, simplified, skip);
}
