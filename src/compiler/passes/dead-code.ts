/** @file Removes operations whose results nobody uses. */
import type { Graph, Operation, Value } from '../graph.ts';

export function removeDeadCode<Op extends Operation>(graph: Graph<Op>): Graph<Op> {
  const used = new Set<Value>(graph.outputs.map(({ value }) => value));
  const kept: Op[] = [];
  for (const operation of [...graph.operations].reverse()) {
    if (!operation.outputs.some((output) => used.has(output))) continue;
    for (const input of operation.inputs) used.add(input);
    kept.push(operation);
  }
  return { ...graph, operations: kept.reverse() };
}
