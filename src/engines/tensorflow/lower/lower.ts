/** @file Translates a traced graph of tfjs kernels into nodes of TensorFlow. */
import { at, type Graph } from '../../../compiler/graph.ts';
import type { NodeBuilder } from '../nodes.ts';
import { arrayRules } from './arrays.ts';
import { elementwiseRules } from './elementwise.ts';
import { fusedRules } from './fused.ts';
import { layerRules } from './layers.ts';
import type { LoweringRules } from './rules.ts';

/** Every kernel that can be lowered. */
export const loweringRules: LoweringRules = { ...elementwiseRules, ...arrayRules, ...layerRules };

const allRules: LoweringRules = { ...loweringRules, ...fusedRules };

/**
 * Adds nodes for the operations of a graph whose inputs are defined.
 *
 * @throws Error naming the kernel, if one has no rule
 */
export function lowerOperations(graph: Graph, builder: NodeBuilder): void {
  for (const operation of graph.operations) {
    const [output] = operation.outputs;
    if (operation.data && output) {
      builder.define(output, builder.constant(operation.data, output.shape, output.type));
      continue;
    }
    const rule = allRules[operation.op];
    if (rule === undefined) throw new Error(`the kernel ${operation.op} has no TensorFlow lowering`);
    const inputs = operation.inputs.map((input) => builder.outputOf(input));
    const made = [rule(operation, inputs, builder)].flat();
    for (const [index, value] of operation.outputs.entries()) builder.define(value, at(made, index));
  }
}
