/** @file Pools whose positions no gradient needs: without them a pool takes a sixth of the time, and works on blocked images. */
import { rewrite, type Value } from '../../../compiler/graph.ts';
import { at } from '../../../lookup.ts';
import { BLOCKED } from '../lower/lowering.ts';
import type { OnnxBuilder, OnnxCall, OnnxGraph, OnnxOperation } from '../operators.ts';

/** Over a lowered graph. */
export function simplifyForwardPools(graph: OnnxGraph): OnnxGraph {
  const used = new Set(graph.operations.flatMap(({ inputs }) => inputs));
  for (const { value } of graph.outputs) used.add(value);
  const isForward = (operation: OnnxOperation): operation is OnnxCall<'MaxPool'> => {
    const [, positions] = operation.outputs;
    return operation.op === 'MaxPool' && positions !== undefined && !used.has(positions);
  };
  if (!graph.operations.some(isForward)) return graph;
  return rewrite(graph, (operation, builder) => {
    if (isForward(operation)) return [pool(operation, builder), at(operation.outputs, 1)];
    const blocked = operation.op === 'ReorderInput' ? blockedSource(operation, builder) : undefined;
    return blocked && [blocked];
  });
}

/** Blocked images are pooled as they are, and rearranged afterwards if they must be. */
function pool({ inputs, outputs, attributes }: OnnxCall<'MaxPool'>, builder: OnnxBuilder): Value {
  const [x, maxima] = [at(inputs, 0), at(outputs, 0)];
  const reorder = builder.producerOf(x);
  if (reorder?.op !== 'ReorderOutput' || reorder.attributes.channels_last !== 0)
    return builder.emit('MaxPool', [x], maxima, attributes);
  const pooled = builder.emitIn(BLOCKED, 'MaxPool', reorder.inputs, maxima, attributes);
  return builder.emitIn(BLOCKED, 'ReorderOutput', [pooled], maxima, reorder.attributes);
}

/** What was in blocks before it was rearranged. */
function blockedSource(
  { inputs, attributes }: OnnxCall<'ReorderInput'>,
  builder: OnnxBuilder,
): Value | undefined {
  const reorder = builder.producerOf(at(inputs, 0));
  const isUndone =
    reorder?.op === 'ReorderOutput' && reorder.attributes.channels_last === attributes.channels_last;
  return isUndone ? reorder.inputs[0] : undefined;
}
