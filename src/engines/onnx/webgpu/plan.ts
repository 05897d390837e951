/** @file What a step is compiled to for a graphics card: the graphs of `../plan.ts`, and where their results are left. */
import { printGraph, printPart } from '../../../compiler/print.ts';
import type { Signature, StepFunction } from '../../../compiler/step.ts';
import { NEXT } from '../../../compiler/trace-step.ts';
import type { OnnxGraph } from '../operators.ts';
import { type ProgramPlan, planProgram, printProgram } from '../plan.ts';
import { copyGraph } from './copies.ts';
import type { Location } from './session.ts';

export interface WebGpuPlan extends ProgramPlan {
  /** Copies the state: to the card with results there, back with results on the host. */
  readonly copies: OnnxGraph;
}

export function planForWebGpu(
  step: StepFunction,
  signature: Signature,
  skip: ReadonlySet<string> = new Set(),
): WebGpuPlan {
  const plan = planProgram(step, signature, { skip, target: 'webgpu' });
  return { ...plan, copies: copyGraph(signature.state) };
}

/** Where the step leaves a result: the new state stays on the card, and what is fetched comes to the host. */
export function locationOf(output: string): Location {
  return output.startsWith(NEXT) ? 'gpu-buffer' : 'cpu';
}

/** The whole program as text. */
export function printForWebGpu(plan: WebGpuPlan): string {
  const places = plan.step.outputs.map(({ name }) => `${name} ${locationOf(name)}`);
  return [
    printPart('to bring the state to the card, and back to the host', printGraph(plan.copies)),
    printProgram(plan),
    printPart('results of a run are left in', places.join('\n')),
  ].join('\n');
}
