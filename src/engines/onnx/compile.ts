/** @file From a step function to a graph in the operators of ONNX: trace, simplify, lower, simplify again. */

import type { Signature, StepFunction } from '../../compiler/step.ts';
import { type TracedStep, traceStep } from '../../compiler/trace-step.ts';
import { MINIMAL_FILTERING } from '../minimal-filtering.ts';
import { lower, type Target } from './lower/lower.ts';
import { adaptTypes } from './lower/webgpu/element-types.ts';
import type { OnnxGraph } from './operators.ts';
import { BLOCKED_LAYOUT, optimize, PROCESSOR_PASSES } from './passes/simplify.ts';

export interface CompiledGraphs extends TracedStep {
  /** In operators of ONNX, simplified. */
  readonly lowered: OnnxGraph;
}

export interface CompileOptions {
  /** Names of passes to leave out: results are the same without any of them. */
  readonly skip?: ReadonlySet<string>;
  /** Channels in a block of onnxruntime's blocked layout on this machine; without it the layout is not used. */
  readonly block?: number;
  /** That will run it on a processor. */
  readonly threads?: number;
  /** Whose kernels shall run it. */
  readonly target?: Target;
}

/**
 * Compiles a step as far as the operators of ONNX.
 *
 * @throws Error naming the op, if the step reads values or uses a kernel that cannot be compiled
 */
export function compileGraph(
  step: StepFunction,
  signature: Signature,
  { skip = new Set(), block = 0, threads = 1, target = 'cpu' }: CompileOptions = {},
): CompiledGraphs {
  const steps = traceStep(step, signature, skip);
  const lowered = optimize(
    lower(steps.traced, {
      block: skip.has(BLOCKED_LAYOUT) ? 0 : block,
      target,
      ...(skip.has(MINIMAL_FILTERING) && { fewestChannels: Number.POSITIVE_INFINITY }),
    }),
    target === 'webgpu' ? new Set([...skip, ...PROCESSOR_PASSES]) : skip,
    threads,
  );
  return { ...steps, lowered: target === 'webgpu' ? adaptTypes(lowered) : lowered };
}
