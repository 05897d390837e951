/** @file The passes over a graph in the operators of ONNX. */
import { applyAll, type Pass, simplify } from '../../../compiler/passes/simplify.ts';
import { expandAffines } from '../lower/channel-affine.ts';
import type { OnnxGraph, OnnxOperation } from '../operators.ts';
import { joinAffines } from './channel-affine.ts';
import { joinChannelProducts } from './channel-products.ts';
import { sumColumns } from './column-sums.ts';
import { joinConvolutionEpilogues } from './convolution-epilogues.ts';
import { multiplyColumns } from './dense-columns.ts';
import { simplifyForwardPools } from './forward-pools.ts';
import { poolByPhases } from './phase-pools.ts';
import { joinProductEpilogues } from './product-epilogues.ts';
import { joinSquareSums } from './square-sums.ts';

const COLUMN_SUMS = 'column-sums';
const DENSE_COLUMNS = 'dense-columns';
export const PHASE_POOLS = 'phase-pools';
/** What serves onnxruntime's kernels for processors alone. */
export const PROCESSOR_PASSES = [COLUMN_SUMS, DENSE_COLUMNS, PHASE_POOLS] as const;

/**
 * In their order. Each returns the graph itself when it finds nothing to do.
 *
 * @param threads that will run the graph
 */
const loweredPasses = (threads: number) =>
  ({
    'channel-affines': joinAffines,
    'channel-products': joinChannelProducts,
    [COLUMN_SUMS]: sumColumns,
    'convolution-epilogues': joinConvolutionEpilogues,
    [DENSE_COLUMNS]: (graph: OnnxGraph) => multiplyColumns(graph, threads),
    'forward-pools': simplifyForwardPools,
    [PHASE_POOLS]: poolByPhases,
    'product-epilogues': joinProductEpilogues,
    'square-sums': joinSquareSums,
  }) satisfies Readonly<Record<string, Pass<OnnxOperation>>>;

export const LOWERED_PASS_NAMES: readonly string[] = Object.keys(loweredPasses(1));

/** The lowering to blocked images is left out like a pass. */
export const BLOCKED_LAYOUT = 'blocked-layout';

/** The two cuts of the graph can be left out in the same way: see `updates/split.ts` and `preparation.ts`. */
export const HOST_UPDATES = 'host-updates';
export const PREPARATION = 'preparation';

/** What can be left out of the onnx engine alone, in its order. */
export const ONNX_PASS_NAMES = [BLOCKED_LAYOUT, ...LOWERED_PASS_NAMES, PREPARATION, HOST_UPDATES] as const;

/**
 * Makes a lowered graph ready to be written.
 *
 * @param skip names of passes to leave out
 * @param threads that will run it
 */
export function optimize(graph: OnnxGraph, skip: ReadonlySet<string> = new Set(), threads = 1): OnnxGraph {
  const lowered = applyAll(loweredPasses(threads), simplify(graph, skip), skip);
  return simplify(expandAffines(lowered), skip);
}
