/** @file Translates a traced graph of tfjs kernels into one of ONNX operators. */
import type { Graph, NamedValue, Value } from '../../../compiler/graph.ts';
import { arrayRules } from './arrays.ts';
import { elementwiseRules } from './elementwise.ts';
import { layerRules } from './layers.ts';
import { Lowering, type LoweringRules } from './lowering.ts';
import { webGpuRules } from './webgpu/rules.ts';

/** Every kernel that can be lowered. */
export const loweringRules: LoweringRules = { ...elementwiseRules, ...arrayRules, ...layerRules };

/** Whose kernels shall run a graph: onnxruntime's for processors, or its WebGPU provider's. */
export type Target = 'cpu' | 'webgpu';

const rulesFor: Readonly<Record<Target, LoweringRules>> = {
  cpu: loweringRules,
  webgpu: { ...loweringRules, ...webGpuRules },
};

export interface LowerOptions {
  /** Channels in a block of onnxruntime's blocked layout on this machine; 0 does without it. */
  readonly block?: number;
  readonly target?: Target;
}

/** @throws Error naming the kernel, if a traced one has no rule */
export function lower(graph: Graph, { block = 0, target = 'cpu' }: LowerOptions = {}): Graph {
  const context = new Lowering(block);
  const rules = rulesFor[target];
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
    const rule = rules[operation.op];
    if (rule === undefined) throw new Error(`the kernel ${operation.op} has no ONNX lowering`);
    rule(operation, context);
  }
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: context.plain(value) }));
  return { inputs, operations: context.builder.operations, outputs };
}
