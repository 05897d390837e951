/** @file The value at a rank, which tfjs finds by taking many largest values, as TensorFlow's selection, which sorts nothing. */
import type { Graph, GraphBuilder, Operation, Value } from '../../../compiler/graph.ts';
import { rewriteJoining, type Uses } from '../../../compiler/passes/uses.ts';

/** Over a traced graph, for a processor: there is no such kernel for graphics cards. */
export function joinRankLookups(graph: Graph): Graph {
  return rewriteJoining(graph, ({ op, inputs, outputs: [output], attributes }, builder, uses) => {
    const [values, index] = inputs;
    const largest = values && largestOf(values, builder, uses);
    if (!values || !largest || !output) return undefined;
    const last = values.shape.length - 1;
    const { x, count, sorted } = largest;
    if (op === 'Min' && String(attributes.axes) === String([last]) && attributes.keepDims === false) {
      const rank = builder.constant(Int32Array.of(count - 1), [], 'int32');
      return builder.emit('NthLargest', [x, rank], output);
    }
    const isLookup = op === 'GatherV2' && attributes.axis === last && index?.shape.length === 0;
    return isLookup && sorted ? builder.emit('NthLargest', [x, index], output) : undefined;
  });
}

/** Of what the largest values along the last axis were taken, if nothing else is made of them. */
function largestOf(
  values: Value,
  builder: GraphBuilder,
  uses: Uses,
): { x: Value; count: number; sorted: boolean } | undefined {
  const producer: Operation | undefined = builder.producerOf(values);
  const [x] = producer?.inputs ?? [];
  if (producer?.op !== 'TopK' || producer.outputs[0] !== values || !x || x.type !== 'float32')
    return undefined;
  const isAlone = uses.of(values) === 1 && producer.outputs.slice(1).every((other) => uses.of(other) === 0);
  const { k, sorted } = producer.attributes as { k: number; sorted: boolean };
  return isAlone ? { x, count: k, sorted } : undefined;
}
