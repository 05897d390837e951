/** @file Removes operations whose results nobody uses. */
import type { Graph, Operation, Value } from '../graph.ts';

export function removeDeadCode(graph: Graph): Graph {
  const used = new Set<Value>(graph.outputs.map(({ value }) => value));
  const kept: Operation[] = [];
  for (const operation of [...graph.operations].reverse()) {
    if (!operation.outputs.some((output) => used.has(output))) continue;
    for (const input of operation.inputs) used.add(input);
    kept.push(operation);
  }
  return { ...graph, operations: kept.reverse() };
}
