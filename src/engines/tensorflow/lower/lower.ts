/** @file Translates a traced graph of tfjs kernels into nodes of TensorFlow. */

import type { Kernel } from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';
import type { TensorflowCall, TensorflowGraph, TensorflowKernel, TensorflowKernels } from '../kernels.ts';
import type { NodeBuilder, Output } from '../nodes.ts';
import { arrayRules } from './arrays.ts';
import { elementwiseRules } from './elementwise.ts';
import { fusedRules } from './fused.ts';
import { layerRules } from './layers.ts';
import type { LoweringRule, LoweringRules } from './rules.ts';

/** Of every kernel that can be traced. */
export const loweringRules = { ...elementwiseRules, ...arrayRules, ...layerRules } satisfies Pick<
  LoweringRules,
  Kernel
>;

const rules: LoweringRules = { ...loweringRules, ...fusedRules };

/** Adds nodes for the operations of a graph whose inputs are defined. */
export function lowerOperations(graph: TensorflowGraph, builder: NodeBuilder): void {
  for (const operation of graph.operations) {
    if (operation.data) {
      const output = at(operation.outputs, 0);
      builder.define(output, builder.constant(operation.data, output.shape, output.type));
      continue;
    }
    const made = [lowerCall(operation, builder)].flat();
    for (const [index, value] of operation.outputs.entries()) builder.define(value, at(made, index));
  }
}

function lowerCall<K extends TensorflowKernel>(
  call: TensorflowCall<K>,
  builder: NodeBuilder,
): Output | readonly Output[] {
  const rule: LoweringRule<TensorflowKernels[K]> = rules[call.op];
  const inputs = call.inputs.map((input) => builder.outputOf(input));
  return rule(call, inputs, builder);
}
