/**
 * @file Cuts off what a graph computes only from state that it never changes, such as filters brought into the kernels' layout. It is
 * computed once, when the state is written, instead of in each run.
 */
import { sizeOf } from '../../arrays.ts';
import type { NamedValue, Value } from '../../compiler/graph.ts';
import { removeDeadCode } from '../../compiler/passes/dead-code.ts';
import { NEXT, STATE } from '../../compiler/trace-step.ts';
import type { OnnxGraph, OnnxOperation } from './operators.ts';

/** Prefix of the names of what a preparation hands to the rest. */
const PREPARED = 'prepared/';

export interface PreparedGraph {
  /** Each computes some of the arrays from the state. Not all at once: onnxruntime holds the outputs of a run twice for a moment. */
  readonly preparations: readonly OnnxGraph[];
  /** Takes what was prepared as inputs. */
  readonly rest: OnnxGraph;
}

/** One preparation makes arrays of at most this many elements together, or a single larger array. */
const GROUP_ELEMENTS = 2 ** 22;

/**
 * Splits a lowered graph. Evaluation changes none of its state, training most of it.
 *
 * @param groupElements largest number of elements of a preparation that makes several arrays
 */
export function splitPreparation(graph: OnnxGraph, groupElements = GROUP_ELEMENTS): PreparedGraph {
  const { early } = findPrepared(graph);
  const constants = graph.operations.filter(({ data }) => data);
  if (![...early].some(({ op }) => op !== 'Reshape')) return { preparations: [], rest: graph };
  const late = graph.operations.filter((operation) => !early.has(operation));
  const made = new Set([...early].flatMap(({ outputs }) => outputs));
  const wanted = [...late.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ value }) => value)];
  const prepared = [...new Set(wanted.filter((value) => made.has(value)))].map(
    (value, index): NamedValue => ({ name: PREPARED + index, value }),
  );
  const operations = [...constants, ...early];
  return {
    preparations: groupBySize(prepared, groupElements).map((outputs) =>
      keepUsedInputs(removeDeadCode({ inputs: graph.inputs, operations, outputs })),
    ),
    rest: keepUsedInputs(
      removeDeadCode({ ...graph, inputs: [...graph.inputs, ...prepared], operations: late }),
    ),
  };
}

/** What depends on unchanging state alone, besides constants: values, that state among them, and the operations that compute them. */
export function findPrepared(graph: OnnxGraph): {
  readonly known: ReadonlySet<Value>;
  readonly early: ReadonlySet<OnnxOperation>;
} {
  const known = constantState(graph);
  const early = new Set<OnnxOperation>();
  const constants = graph.operations.filter(({ data }) => data);
  const fixed = new Set<Value>(constants.flatMap(({ outputs }) => outputs));
  for (const operation of graph.operations) {
    const isEarly =
      operation.inputs.some((input) => known.has(input)) &&
      operation.inputs.every((input) => known.has(input) || fixed.has(input));
    if (!isEarly) continue;
    early.add(operation);
    for (const output of operation.outputs) known.add(output);
  }
  return { known, early };
}

/** Puts neighbours into one group as long as their elements together do not exceed the bound. */
function groupBySize(values: readonly NamedValue[], elements: number): NamedValue[][] {
  const groups: NamedValue[][] = [];
  let room = 0;
  for (const value of values) {
    const size = sizeOf(value.value.shape);
    if (size > room) {
      groups.push([]);
      room = elements;
    }
    groups.at(-1)?.push(value);
    room -= size;
  }
  return groups;
}

function keepUsedInputs(graph: OnnxGraph): OnnxGraph {
  const used = new Set(graph.operations.flatMap(({ inputs }) => inputs));
  for (const { value } of graph.outputs) used.add(value);
  return { ...graph, inputs: graph.inputs.filter(({ value }) => used.has(value)) };
}

function constantState({ inputs, outputs }: OnnxGraph): Set<Value> {
  const changed = new Set(outputs.map(({ name }) => name));
  const isConstant = ({ name }: NamedValue): boolean =>
    name.startsWith(STATE) && !changed.has(NEXT + name.slice(STATE.length));
  return new Set(inputs.filter(isConstant).map(({ value }) => value));
}
