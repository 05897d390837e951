/** @file What a step is compiled to for TensorFlow, before it is written as a model: a graph, and updates of variables in place. */
import type { Value } from '../../compiler/graph.ts';
import { printGraph, printPart } from '../../compiler/print.ts';
import type { Signature, StepFunction } from '../../compiler/step.ts';
import { recordStep, STATE } from '../../compiler/trace-step.ts';
import { orThrow } from '../../lookup.ts';
import { NO_KERNELS, type OwnKernels } from './kernels.ts';
import { JOINED_UPDATES, optimizeForTensorflow, type PlannedPrecision } from './passes/optimize.ts';
import type { Descent, JoinedMomentum, Momentum, Update } from './update-kinds.ts';
import { splitUpdates, type UpdatedGraph } from './updates.ts';

/**
 * @param skip names of passes to leave out
 * @param precision of convolutions and matrix products
 * @throws Error naming the op, if the step reads values or uses a kernel that cannot be compiled
 */
export function planProgram(
  step: StepFunction,
  signature: Signature,
  skip: ReadonlySet<string> = new Set(),
  own: OwnKernels = NO_KERNELS,
  precision: PlannedPrecision = 'float32',
): UpdatedGraph {
  const graph = optimizeForTensorflow(recordStep(step, signature), skip, own, precision);
  return splitUpdates(graph, own.updates && !skip.has(JOINED_UPDATES));
}

/** The whole program as text. An output `next/…` is assigned to its variable. */
export function printProgram({ rest, updates }: UpdatedGraph): string {
  const names = new Map(rest.outputs.map(({ name, value }) => [value, name]));
  const nameOf = (value: Value): string =>
    orThrow(names.get(value), 'an update reads what the graph does not return');
  const steps = updates.map((update) => printUpdate(update, nameOf));
  return [
    printPart('in each run, as one call', printGraph(rest)),
    ...(steps.length === 0 ? [] : [printPart('then, in place', steps.join('\n'))]),
  ].join('\n');
}

function printUpdate(update: Update, nameOf: (value: Value) => string): string {
  if (update.kind === 'subtract') {
    const parameter = STATE + update.parameter;
    return `${parameter} ← ${parameter} − ${nameOf(update.amount)}`;
  }
  if (update.kind === 'momentum') return printDescent(update, update, nameOf);
  const factor = update.factor === undefined ? '' : `${nameOf(update.factor)} · `;
  return update.descents.map((descent) => printDescent(descent, update, nameOf, factor)).join('\n');
}

/** @param factor of the gradient, with a sign of multiplication behind it */
function printDescent(
  { parameter, accumulator, gradient: array }: Descent,
  { momentum: factorOfVelocity, learningRate, nesterov }: Momentum | JoinedMomentum,
  nameOf: (value: Value) => string,
  factor = '',
): string {
  const [weights, velocity] = [STATE + parameter, STATE + accumulator];
  const [momentum, gradient, rate] = [nameOf(factorOfVelocity), factor + nameOf(array), nameOf(learningRate)];
  const direction = nesterov ? `(${gradient} + ${momentum} · ${velocity})` : velocity;
  return [
    `${velocity} ← ${momentum} · ${velocity} + ${gradient}`,
    `${weights} ← ${weights} − ${rate} · ${direction}`,
  ].join('\n');
}
