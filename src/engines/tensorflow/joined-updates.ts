/**
 * @file Joins updates with momentum to one kernel of td's own for many parameters (native/weights.h), the clipping of their gradients included.
 *
 * The kernel writes into the memory of the variables as they are read, so that no array that outlives a step may share it.
 */
import { sizeOf } from '../../arrays.ts';
import type { Value } from '../../compiler/graph.ts';
import { NEXT, STATE } from '../../compiler/trace-step.ts';
import { at, orThrow } from '../../lookup.ts';
import { getOrMake, groupBy } from '../../maps.ts';
import type { TensorflowGraph, TensorflowOperation } from './kernels.ts';
import { arrayRules } from './lower/arrays.ts';
import { elementwiseRules } from './lower/elementwise.ts';
import {
  type JoinedMomentum,
  type Momentum,
  type SingleUpdate,
  type Update,
  writtenBy,
} from './update-kinds.ts';

/**
 * What these give may be the memory of an operand: a sum along axes of one element each, a whole slice, and what TensorFlow's optimizer of graphs
 * makes of −(−x). All others write into memory of their own.
 */
const SHARING: ReadonlySet<string> = new Set([...Object.keys(arrayRules), ...Object.keys(elementwiseRules)]);

/** An array, and a number that it is multiplied by. */
interface Scaled {
  readonly array: Value;
  readonly factor: Value;
}

/** @param single updates of `graph`, each of one parameter */
export function joinUpdates(graph: TensorflowGraph, single: readonly SingleUpdate[]): readonly Update[] {
  const outliving = findOutliving(graph, new Set(single.flatMap(writtenBy).map((name) => NEXT + name)));
  const isJoinable = (update: SingleUpdate): update is Momentum =>
    update.kind === 'momentum' && !outliving.has(update.parameter) && !outliving.has(update.accumulator);
  const joinable = single.filter(isJoinable);
  const scaled = findScaled(graph, joinable);
  const keyOf = createKeys(graph);
  const groups = groupBy(joinable, ({ gradient, learningRate, momentum, nesterov }) =>
    [nesterov, ...[learningRate, momentum, scaled.get(gradient)?.factor].map(keyOf)].join(),
  );
  const joined = [...groups.values()].map((group): JoinedMomentum => {
    const { learningRate, momentum, nesterov, gradient } = at(group, 0);
    const factor = scaled.get(gradient)?.factor;
    return {
      kind: 'joined-momentum',
      descents: group.map(({ parameter, accumulator, gradient: own }) => ({
        parameter,
        accumulator,
        gradient: scaled.get(own)?.array ?? own,
      })),
      ...(factor !== undefined && { factor }),
      ...{ learningRate, momentum, nesterov },
    };
  });
  return [...single.filter((update) => !isJoinable(update)), ...joined];
}

/**
 * Entries of the state whose memory an output of the graph may have.
 *
 * @param given outputs that updates give, in the memory of what they update
 */
function findOutliving(graph: TensorflowGraph, given: ReadonlySet<string>): ReadonlySet<string> {
  const producers = producersOf(graph);
  const found = new Set<Value>();
  const visit = (value: Value): void => {
    if (found.has(value)) return;
    found.add(value);
    const producer = producers.get(value);
    for (const operand of producer?.inputs ?? []) if (mayShare(producer, operand, value)) visit(operand);
  };
  for (const { name, value } of graph.outputs) if (!given.has(name)) visit(value);
  return new Set(
    graph.inputs.flatMap(({ name, value }) =>
      name.startsWith(STATE) && found.has(value) ? [name.slice(STATE.length)] : [],
    ),
  );
}

function mayShare(operation: TensorflowOperation | undefined, operand: Value, result: Value): boolean {
  if (operation === undefined || !SHARING.has(operation.op) || operand.type !== result.type) return false;
  return operation.op === 'Slice' || sizeOf(operand.shape) === sizeOf(result.shape);
}

/** By gradients that nothing but these updates wants: what is multiplied by a number to give them. */
function findScaled(graph: TensorflowGraph, updates: readonly Momentum[]): ReadonlyMap<Value, Scaled> {
  const producers = producersOf(graph);
  const uses = new Map<Value, number>();
  const count = (value: Value): unknown => uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const { inputs } of graph.operations) inputs.forEach(count);
  for (const { value } of graph.outputs) count(value);
  const wanted = new Set(
    updates
      .filter(({ gradient, nesterov }) => uses.get(gradient) === (nesterov ? 2 : 1))
      .map(({ gradient }) => gradient),
  );
  const found = new Map<Value, Scaled>();
  for (const gradient of wanted) {
    const scaled = scaledBy(gradient, producers.get(gradient));
    if (scaled?.results.every((result) => wanted.has(result))) found.set(gradient, scaled);
  }
  return found;
}

/** `results`: all that the operation gives. */
function scaledBy(
  result: Value,
  operation: TensorflowOperation | undefined,
): (Scaled & { readonly results: readonly Value[] }) | undefined {
  if (operation?.op === 'ScaleAll') {
    const { inputs, outputs: results } = operation;
    return { array: at(inputs, results.indexOf(result)), factor: at(inputs, results.length), results };
  }
  if (operation?.op !== 'Multiply') return undefined;
  const { inputs, outputs: results } = operation;
  for (const [array, factor] of [inputs, inputs.toReversed()] as const) {
    if (!array || !factor) continue;
    const isWhole = array.shape.join() === result.shape.join() && factor.shape.length === 0;
    if (isWhole && array.shape.length > 0) return { array, factor, results };
  }
  return undefined;
}

function producersOf({ operations }: TensorflowGraph): ReadonlyMap<Value, TensorflowOperation> {
  return new Map(
    operations.flatMap((operation) => operation.outputs.map((output) => [output, operation] as const)),
  );
}

/** Texts that are the same for the same value, and for constants of the same number. */
function createKeys(graph: TensorflowGraph): (value: Value | undefined) => string {
  const producers = producersOf(graph);
  const places = new Map<Value | undefined, number>();
  return (value) => {
    const data = value && producers.get(value)?.data;
    if (data?.length === 1) return `number ${orThrow(data[0], 'a constant is empty')}`;
    return String(getOrMake(places, value, () => places.size));
  };
}
