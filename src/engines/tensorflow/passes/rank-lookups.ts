/** @file The value at a rank, which tfjs finds by taking many largest values, as TensorFlow's selection, which sorts nothing. */
import type { Value } from '../../../compiler/graph.ts';
import { rewriteJoining, type Uses } from '../../../compiler/passes/uses.ts';
import type { TensorflowBuilder, TensorflowGraph } from '../kernels.ts';

/** Over a traced graph, for a processor: there is no such kernel for graphics cards. */
export function joinRankLookups(graph: TensorflowGraph): TensorflowGraph {
  return rewriteJoining(graph, (operation, builder, uses) => {
    const [values, index] = operation.inputs;
    const [output] = operation.outputs;
    const largest = values && largestOf(values, builder, uses);
    if (!values || !largest || !output) return undefined;
    const last = values.shape.length - 1;
    const { x, count, sorted } = largest;
    if (operation.op === 'Min') {
      const { axes, keepDims } = operation.attributes;
      if (keepDims || axes.join() !== String(last)) return undefined;
      const rank = builder.constant(Int32Array.of(count - 1), [], 'int32');
      return builder.emit('NthLargest', [x, rank], output);
    }
    if (operation.op !== 'GatherV2' || operation.attributes.axis !== last || !sorted) return undefined;
    return index?.shape.length === 0 ? builder.emit('NthLargest', [x, index], output) : undefined;
  });
}

/** The operand, number and order of a TopK whose values are used once, by this lookup, and whose positions are not used. */
function largestOf(
  values: Value,
  builder: TensorflowBuilder,
  uses: Uses,
): { x: Value; count: number; sorted: boolean } | undefined {
  const producer = builder.producerOf(values);
  const [x] = producer?.inputs ?? [];
  if (producer?.op !== 'TopK' || producer.outputs[0] !== values || !x || x.type !== 'float32')
    return undefined;
  const isAlone = uses.of(values) === 1 && producer.outputs.slice(1).every((other) => uses.of(other) === 0);
  const { k, sorted } = producer.attributes;
  return isAlone ? { x, count: k, sorted } : undefined;
}
