/** @file Translates a traced graph of tfjs kernels into one of ONNX operators. */
import type { Graph, NamedValue, Value } from '../../../compiler/graph.ts';
import { arrayRules } from './arrays.ts';
import { elementwiseRules } from './elementwise.ts';
import { layerRules } from './layers.ts';
import { Lowering, type LoweringRules } from './lowering.ts';

/** Every kernel that can be lowered. */
export const loweringRules: LoweringRules = { ...elementwiseRules, ...arrayRules, ...layerRules };

/**
 * @param block channels in a block of onnxruntime's blocked layout on this machine; 0 does without it
 * @throws Error naming the kernel, if a traced one has no rule
 */
export function lower(graph: Graph, block = 0): Graph {
  const context = new Lowering(block);
  const inputs = graph.inputs.map(({ name, value }): NamedValue => {
    const lowered: Value = { shape: value.shape, type: value.type };
    context.set(value, lowered);
    return { name, value: lowered };
  });
  for (const operation of graph.operations) {
    const [output] = operation.outputs;
    if (operation.data && output) {
      context.set(output, context.builder.constant(operation.data, output.shape, output.type));
      continue;
    }
    const rule = loweringRules[operation.op];
    if (rule === undefined) throw new Error(`the kernel ${operation.op} has no ONNX lowering`);
    rule(operation, context);
  }
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: context.plain(value) }));
  return { inputs, operations: context.builder.operations, outputs };
}
