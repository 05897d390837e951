/**
 * @file Lets weights be made ready just before they are used: masks, layouts, decays.
 *
 * Of the operands of an operation onnxruntime computes the one first that stands last in the model. What is written in
 * the order in which a step is traced makes all weights ready before the first layer runs, and holds them until the last.
 */
import type { Graph, Operation, Value } from '../graph.ts';

/** Whatever comes after one of these has gone through a layer. */
const LAYERS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

/**
 * Over a lowered graph: what no layer has gone into stands before all else, and so is computed after the other operand.
 *
 * @returns the graph itself if it already is so
 */
export function makeWeightsLate(graph: Graph): Graph {
  const ofLayers = new Set<Value>();
  const before: Operation[] = [];
  const after: Operation[] = [];
  for (const operation of graph.operations) {
    const isAfter = LAYERS.has(operation.op) || operation.inputs.some((input) => ofLayers.has(input));
    (isAfter ? after : before).push(operation);
    if (isAfter) for (const output of operation.outputs) ofLayers.add(output);
  }
  const operations = [...before, ...after];
  const isSame = operations.every((operation, index) => operation === graph.operations[index]);
  return isSame ? graph : { ...graph, operations };
}
