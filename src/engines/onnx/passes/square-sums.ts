/** @file Sums the squares of a whole array in one pass over it, without an array of squares: norms of gradients. */

import { sizeOf } from '../../../arrays.ts';
import { rewriteJoining } from '../../../compiler/passes/uses.ts';
import type { OnnxGraph } from '../operators.ts';

/** Over a lowered graph. Along single axes onnxruntime sums faster than it sums squares. */
export function joinSquareSums(graph: OnnxGraph): OnnxGraph {
  return rewriteJoining(graph, (operation, builder, uses) => {
    const {
      inputs: [squares],
      outputs: [sum],
    } = operation;
    if (operation.op !== 'ReduceSum' || !squares || !sum || sizeOf(sum.shape) !== 1) return undefined;
    const product = builder.producerOf(squares);
    const [x, y] = product?.inputs ?? [];
    if (product?.op !== 'Mul' || !x || x !== y || uses.of(squares) !== 1) return undefined;
    return builder.emit('ReduceSumSquare', [x], sum, operation.attributes);
  });
}
