/** @file Translates a traced graph of tfjs kernels into one of ONNX operators. */
import type { NamedValue, Value } from '../../../compiler/graph.ts';
import type { Kernel, KernelCall, KernelGraph, TfjsKernels } from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';
import type { OnnxGraph } from '../operators.ts';
import { arrayRules } from './arrays.ts';
import { elementwiseRules } from './elementwise.ts';
import { layerRules } from './layers.ts';
import { Lowering, type LoweringRule, type LoweringRules } from './lowering.ts';
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
  /** Of both sides of a convolution that minimal filtering is used for. */
  readonly fewestChannels?: number;
}

export function lower(
  graph: KernelGraph,
  { block = 0, target = 'cpu', fewestChannels }: LowerOptions = {},
): OnnxGraph {
  const context = new Lowering(block, fewestChannels);
  const rules = rulesFor[target];
  const inputs = graph.inputs.map(({ name, value }): NamedValue => {
    const lowered: Value = { shape: value.shape, type: value.type };
    context.set(value, lowered);
    return { name, value: lowered };
  });
  for (const operation of graph.operations) {
    if (operation.data) {
      const output = at(operation.outputs, 0);
      context.set(output, context.builder.constant(operation.data, output.shape, output.type));
      continue;
    }
    lowerCall(operation, rules, context);
  }
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: context.plain(value) }));
  return { inputs, operations: context.builder.operations, outputs };
}

function lowerCall<K extends Kernel>(call: KernelCall<K>, rules: LoweringRules, context: Lowering): void {
  const rule: LoweringRule<TfjsKernels[K]> = rules[call.op];
  rule(call, context);
}
