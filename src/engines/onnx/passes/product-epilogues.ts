/** @file Lets a matrix product add a multiple of another matrix to its result: weight decay to the gradient of a weight. */
import type { Value } from '../../../compiler/graph.ts';
import { rewriteJoining, type Uses } from '../../../compiler/passes/uses.ts';
import type { OnnxBuilder, OnnxGraph, OnnxOperation } from '../operators.ts';

/** Over a lowered graph. */
export function joinProductEpilogues(graph: OnnxGraph): OnnxGraph {
  return rewriteJoining(graph, ({ op, inputs: [a, b] }, builder, uses) => {
    if (op !== 'Add' || !a || !b) return undefined;
    return addMultiple(a, b, builder, uses) ?? addMultiple(b, a, builder, uses);
  });
}

function addMultiple(result: Value, other: Value, builder: OnnxBuilder, uses: Uses): Value | undefined {
  const product = builder.producerOf(result);
  const multiple = multipleOf(builder.producerOf(other), builder);
  if (product?.op !== 'Gemm' || product.inputs.length !== 2 || multiple === undefined) return undefined;
  if (uses.of(result) !== 1 || uses.of(other) !== 1) return undefined;
  const { matrix, factor } = multiple;
  if (matrix.shape.join() !== result.shape.join()) return undefined;
  return builder.emit('Gemm', [...product.inputs, matrix], result, { ...product.attributes, beta: factor });
}

/** A matrix times a number that is known. */
function multipleOf(
  operation: OnnxOperation | undefined,
  builder: OnnxBuilder,
): { readonly matrix: Value; readonly factor: number } | undefined {
  const [a, b] = operation?.inputs ?? [];
  if (operation?.op !== 'Mul' || !a || !b) return undefined;
  for (const [matrix, number] of [[a, b] as const, [b, a] as const]) {
    const data = builder.constantOf(number);
    const [factor] = data instanceof Float32Array && data.length === 1 ? data : [];
    if (factor !== undefined) return { matrix, factor };
  }
  return undefined;
}
