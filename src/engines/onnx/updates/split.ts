/**
 * @file Takes updates of the state out of a lowered graph, for the host to do in place.
 *
 * onnxruntime copies every output into fresh memory, and of an update such as that of momentum two arrays are outputs
 * where one, the gradient, is all that the host would need.
 */
import { sizeOf } from '../../../arrays.ts';
import type { Constant, Graph, NamedValue, Value } from '../../../compiler/graph.ts';
import { removeDeadCode } from '../../../compiler/passes/dead-code.ts';
import { NEXT, STATE } from '../../../compiler/trace-step.ts';
import { at } from '../../../lookup.ts';
import type { OnnxCall, OnnxGraph, OnnxOperation } from '../operators.ts';

/** Prefix of the names of what the rest of a graph hands to updates. */
const HANDED = 'update/';

export interface SplitGraph {
  /** What remains: without the outputs that the updates give, with those that they need. */
  readonly rest: OnnxGraph;
  /**
   * Each computes new values of some entries of the state, element by element, from arrays of one size and from single numbers.
   * No update reads what another one writes.
   */
  readonly updates: readonly UpdateGraph[];
}

/** Operations that the host does element by element. */
const HOST_OPERATORS = ['Add', 'Sub', 'Mul', 'Div', 'Neg', 'Sqrt'] as const;
export type HostOperator = (typeof HOST_OPERATORS)[number];
type HostOperation = OnnxCall<HostOperator>;
/** An update of the state: its new values from old ones, from feeds, and from what the session hands over. */
export type UpdateGraph = Graph<HostOperation | Constant>;

/** Only arrays of at least this many elements are updated on the host: what the graph computes of a single number has other uses, too. */
const LEAST_ELEMENTS = 2;

/**
 * Splits a lowered graph.
 *
 * @returns no updates where they would need more arrays than they give
 */
export function splitUpdates(graph: OnnxGraph): SplitGraph {
  const names = new Map(graph.inputs.map(({ name, value }) => [value, name]));
  const nameOf = (value: Value): string => {
    const name = names.get(value) ?? `${HANDED}${names.size - graph.inputs.length}`;
    names.set(value, name);
    return name;
  };
  const groups = groupBySharedArrays(findTail(graph), graph);
  const updates = groups.map((operations) => asGraph(operations, graph, nameOf)).filter(savesOutputs);
  const moved = new Set<OnnxOperation>(updates.flatMap(({ operations }) => operations));
  const given = new Set(updates.flatMap(({ outputs }) => outputs.map(({ name }) => name)));
  const handed = new Map<Value, NamedValue>();
  for (const { name, value } of updates.flatMap(({ inputs }) => inputs))
    if (name.startsWith(HANDED)) handed.set(value, { name, value });
  const rest = {
    inputs: graph.inputs,
    operations: graph.operations.filter((operation) => !moved.has(operation) || operation.data),
    outputs: [...graph.outputs.filter(({ name }) => !given.has(name)), ...handed.values()],
  };
  return { rest: removeDeadCode(rest), updates };
}

/** Elementwise operations that nothing but such operations and the next state use, in their order. */
function findTail({ operations, outputs, inputs }: OnnxGraph): HostOperation[] {
  const shapes = new Map(inputs.map(({ name, value }) => [name, value.shape.join()]));
  const kept = new Set<Value>();
  const wanted = new Set<Value>();
  for (const { name, value } of outputs) {
    const isNext =
      name.startsWith(NEXT) && shapes.get(STATE + name.slice(NEXT.length)) === value.shape.join();
    (isNext ? wanted : kept).add(value);
  }
  const tail: HostOperation[] = [];
  for (const operation of operations.toReversed()) {
    const [result] = operation.outputs;
    const isWanted = result !== undefined && wanted.has(result) && !kept.has(result);
    const isInTail = isWanted && isElementwise(operation, result);
    if (isInTail) tail.push(operation);
    for (const input of operation.inputs) (isInTail ? wanted : kept).add(input);
  }
  return tail.reverse();
}

function isElementwise(operation: OnnxOperation, result: Value): operation is HostOperation {
  const { op, domain, inputs } = operation;
  return (
    domain === undefined &&
    HOST_OPERATORS.some((operator) => operator === op) &&
    result.type === 'float32' &&
    sizeOf(result.shape) >= LEAST_ELEMENTS &&
    inputs.every((input) => isScalar(input) || input.shape.join() === result.shape.join())
  );
}

function isScalar({ shape }: Value): boolean {
  return sizeOf(shape) === 1;
}

/** Groups operations: two are in one group if they share an array, or each shares one with a third operation of the group. */
function groupBySharedArrays(tail: readonly HostOperation[], { operations }: OnnxGraph): HostOperation[][] {
  const groupOf = new Map<Value, HostOperation[]>();
  const groups = new Set<HostOperation[]>();
  for (const operation of tail) {
    const arrays = [...operation.inputs, ...operation.outputs].filter((value) => !isScalar(value));
    const group = [operation];
    for (const other of new Set(arrays.map((array) => groupOf.get(array)))) {
      if (other === undefined) continue;
      group.unshift(...other);
      groups.delete(other);
      for (const [array, owner] of groupOf) if (owner === other) groupOf.set(array, group);
    }
    for (const array of arrays) groupOf.set(array, group);
    groups.add(group);
  }
  return [...groups].map((group) => group.sort((a, b) => operations.indexOf(a) - operations.indexOf(b)));
}

/** Operations as a graph of their own, which takes single constants along. */
function asGraph(
  operations: readonly HostOperation[],
  graph: OnnxGraph,
  nameOf: (value: Value) => string,
): UpdateGraph {
  const own = new Set(operations.flatMap(({ outputs }) => outputs));
  const used = [...new Set(operations.flatMap(({ inputs }) => inputs))].filter((value) => !own.has(value));
  const constants = graph.operations.filter(
    (operation): operation is Constant =>
      operation.data?.length === 1 && used.includes(at(operation.outputs, 0)),
  );
  const known = new Set(constants.flatMap(({ outputs }) => outputs));
  return {
    inputs: used.filter((value) => !known.has(value)).map((value) => ({ name: nameOf(value), value })),
    operations: [...constants, ...operations],
    outputs: graph.outputs.filter(({ value }) => own.has(value)),
  };
}

function savesOutputs({ inputs, outputs }: UpdateGraph): boolean {
  const handed = inputs.filter(({ name, value }) => name.startsWith(HANDED) && !isScalar(value));
  return handed.length <= outputs.length;
}
