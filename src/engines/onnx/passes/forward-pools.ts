/** @file Pools whose positions no gradient needs: without them a pool takes a sixth of the time, and works on blocked images. */
import {
  at,
  type Graph,
  type GraphBuilder,
  type Operation,
  rewrite,
  type Value,
} from '../../../compiler/graph.ts';
import { BLOCKED } from '../lower/lowering.ts';

/** Over a lowered graph. */
export function simplifyForwardPools(graph: Graph): Graph {
  const used = new Set(graph.operations.flatMap(({ inputs }) => inputs));
  for (const { value } of graph.outputs) used.add(value);
  const isForward = ({ op, outputs: [, positions] }: Operation): boolean =>
    op === 'MaxPool' && positions !== undefined && !used.has(positions);
  if (!graph.operations.some(isForward)) return graph;
  return rewrite(graph, (operation, builder) => {
    if (isForward(operation)) return [pool(operation, builder), at(operation.outputs, 1)];
    const blocked = operation.op === 'ReorderInput' ? blockedSource(operation, builder) : undefined;
    return blocked && [blocked];
  });
}

/** Blocked images are pooled as they are, and rearranged afterwards if they must be. */
function pool({ inputs, outputs, attributes }: Operation, builder: GraphBuilder): Value {
  const [x, maxima] = [at(inputs, 0), at(outputs, 0)];
  const reorder = builder.producerOf(x);
  const source = reorder?.op === 'ReorderOutput' ? reorder.inputs[0] : undefined;
  if (reorder === undefined || source === undefined || reorder.attributes.channels_last !== 0)
    return builder.emit('MaxPool', [x], maxima, attributes);
  const pooled = builder.emit('MaxPool', [source], maxima, attributes, BLOCKED);
  return builder.emit('ReorderOutput', [pooled], maxima, reorder.attributes, BLOCKED);
}

/** What was in blocks before it was rearranged. */
function blockedSource({ inputs, attributes }: Operation, builder: GraphBuilder): Value | undefined {
  const reorder = builder.producerOf(at(inputs, 0));
  const isUndone =
    reorder?.op === 'ReorderOutput' && reorder.attributes.channels_last === attributes.channels_last;
  return isUndone ? reorder.inputs[0] : undefined;
}
