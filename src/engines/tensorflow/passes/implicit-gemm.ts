/**
 * @file Convolutions without a margin whose channels fill no vectors, and their gradients, as td's own kernels for them, by implicit GEMM: products of
 * matrices whose rows are the windows of the images, none of which is copied (native/implicit-gemm.h).
 */
import { rewrite } from '../../../compiler/graph.ts';
import { at } from '../../../lookup.ts';
import type { TensorflowGraph, TensorflowOperation } from '../kernels.ts';
import { convolutionOf } from './minimal-filtering.ts';

const OWN_KERNELS = {
  Conv2D: 'ImplicitGemm',
  Conv2DBackpropInput: 'ImplicitGemmInputGradient',
  Conv2DBackpropFilter: 'ImplicitGemmFilterGradient',
} as const;
type OwnKernel = (typeof OWN_KERNELS)[keyof typeof OWN_KERNELS];

/**
 * Over a graph for a processor.
 *
 * @param lanes numbers in a vector: where all channels are multiples of it, TensorFlow's own kernels are as fast
 */
export function takeImplicitGemm(graph: TensorflowGraph, lanes: number): TensorflowGraph {
  if (!graph.operations.some((operation) => ownKernelFor(operation, lanes))) return graph;
  return rewrite(graph, (operation, builder) => {
    const kernel = ownKernelFor(operation, lanes);
    return kernel && [builder.emit(kernel, operation.inputs, at(operation.outputs, 0))];
  });
}

function ownKernelFor(operation: TensorflowOperation, lanes: number): OwnKernel | undefined {
  const convolution = convolutionOf(operation);
  if (convolution === undefined) return undefined;
  const { op, attributes, filter } = convolution;
  const { strides, dilations, pads } = attributes;
  const isPlain =
    [...strides, ...dilations].every((number) => number === 1) && pads.every((pad) => pad === 0);
  return isPlain && filter.slice(2).some((channels) => channels % lanes !== 0) ? OWN_KERNELS[op] : undefined;
}
