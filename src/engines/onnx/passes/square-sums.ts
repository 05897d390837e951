/** @file Sums the squares of a whole array in one pass over it, without an array of squares: norms of gradients. */

import type { Graph } from '../../../compiler/graph.ts';
import { rewriteJoining } from '../../../compiler/passes/uses.ts';
import { sizeOf } from '../../types.ts';

/** Over a lowered graph. Along single axes onnxruntime sums faster than it sums squares. */
export function joinSquareSums(graph: Graph): Graph {
  return rewriteJoining(graph, ({ op, inputs: [squares], outputs: [sum], attributes }, builder, uses) => {
    if (op !== 'ReduceSum' || !squares || !sum || sizeOf(sum.shape) !== 1) return undefined;
    const product = builder.producerOf(squares);
    const [x, y] = product?.inputs ?? [];
    if (product?.op !== 'Mul' || !x || x !== y || uses.of(squares) !== 1) return undefined;
    return builder.emit('ReduceSumSquare', [x], sum, attributes);
  });
}
