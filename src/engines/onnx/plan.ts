/** @file What a step is compiled to for onnxruntime, before there is a session of it: graphs, and what the host does between their runs. */
import { printGraph, printPart } from '../../compiler/print.ts';
import type { Signature, StepFunction } from '../../compiler/step.ts';
import { NEXT, STATE } from '../../compiler/trace-step.ts';
import { type CompileOptions, compileGraph } from './compile.ts';
import type { OnnxGraph } from './operators.ts';
import { HOST_UPDATES, PREPARATION } from './passes/simplify.ts';
import { splitPreparation } from './preparation.ts';
import { splitUpdates, type UpdateGraph } from './updates/split.ts';

export interface ProgramPlan {
  /** The step in one graph, before it is cut into the parts below. */
  readonly whole: OnnxGraph;
  /** Compute inputs of the step from the state, whenever it was written. */
  readonly preparations: readonly OnnxGraph[];
  readonly step: OnnxGraph;
  /** What the host does to the state after each run of the step, in place. */
  readonly updates: readonly UpdateGraph[];
}

/** @throws Error naming the op, if the step reads values or uses a kernel that cannot be compiled */
export function planProgram(
  step: StepFunction,
  signature: Signature,
  options: CompileOptions = {},
): ProgramPlan {
  const { skip = new Set(), target = 'cpu' } = options;
  const { lowered } = compileGraph(step, signature, options);
  const { preparations, rest: prepared } = skip.has(PREPARATION)
    ? { preparations: [], rest: lowered }
    : splitPreparation(lowered);
  // On a graphics card the state stays there, out of reach of the host.
  const keepsUpdates = target === 'webgpu' || skip.has(HOST_UPDATES);
  const { rest, updates } = keepsUpdates ? { rest: prepared, updates: [] } : splitUpdates(prepared);
  return { whole: lowered, preparations, step: rest, updates };
}

/** The whole program as text, in the order in which its parts run. */
export function printProgram({ preparations, step, updates }: ProgramPlan): string {
  return [
    ...preparations.map((graph) => printPart('whenever the state is written', printGraph(graph))),
    printPart('in each run', printGraph(step)),
    ...updates.map((graph) => printPart('after each run, a loop over arrays in place', printUpdate(graph))),
  ].join('\n');
}

/** The next state of an update stands where the old one did. */
function printUpdate(graph: UpdateGraph): string {
  const outputs = graph.outputs.map(({ name, value }) => ({ name: STATE + name.slice(NEXT.length), value }));
  return printGraph({ ...graph, outputs });
}
