/** @file Turns an update of the state into one loop over its arrays, in WebAssembly. */
import { type ArrayData, sizeOf } from '../../../arrays.ts';
import type { Value } from '../../../compiler/graph.ts';
import { NEXT, STATE } from '../../../compiler/trace-step.ts';
import { at, orThrow } from '../../../lookup.ts';
import { type Exports, instantiate } from '../../../wasm/assembler.ts';
import type { HostOperator, UpdateGraph } from './split.ts';
import { encodeLoop, type Instruction } from './wasm.ts';

/**
 * Overwrites parts of the state with their next values.
 *
 * @param arrayOf the array under a name such as `state/w` or `feed/learningRate`
 */
export type Update = (arrayOf: (name: string) => ArrayData) => void;

/** The same arithmetic of single precision as onnxruntime's, correctly rounded. */
const INSTRUCTIONS: Readonly<Record<HostOperator, Instruction>> = {
  Add: { op: 'f32x4.add' },
  Sub: { op: 'f32x4.sub' },
  Mul: { op: 'f32x4.mul' },
  Div: { op: 'f32x4.div' },
  Neg: { op: 'f32x4.neg' },
  Sqrt: { op: 'f32x4.sqrt' },
};

/** Elements of each array that are copied in, worked on and copied back at a time: all of them fit into a core's own cache. */
const CHUNK = 16384;
const STRIDE = CHUNK * Float32Array.BYTES_PER_ELEMENT;

/** What a loop takes and does, before it is written as WebAssembly. */
export interface LoopPlan {
  /** Names of the arrays in its memory. */
  readonly arrays: readonly string[];
  /** Single numbers: constants, or names of arrays of one element. */
  readonly numbers: readonly (number | string)[];
  readonly terms: number;
  readonly body: readonly Instruction[];
}

/** Compiles an update that `splitUpdates` made. */
export function compileUpdate(update: UpdateGraph): Update {
  const plan = planLoop(update);
  const { memory, run } = instanceOf(plan);
  const size = sizeOf(at(update.outputs, 0).value.shape);
  const length = Math.min(size, CHUNK);
  const placesOf = (op: 'load' | 'store'): readonly Place[] =>
    plan.arrays.flatMap((name, array) =>
      plan.body.some((instruction) => instruction.op === op && instruction.array === array)
        ? [{ name, chunk: new Float32Array(memory.buffer, array * STRIDE, length) }]
        : [],
    );
  const read = placesOf('load');
  const written = placesOf('store');
  const names = plan.numbers.filter((number) => typeof number === 'string');
  return (arrayOf) => {
    const dataOf = ({ name }: Place) => arrayOf(name) as Float32Array;
    const sources = read.map(dataOf);
    const targets = written.map(dataOf);
    const parameters = names.map((name) => at(arrayOf(name), 0));
    for (let start = 0; start < size; start += length) {
      const end = Math.min(size, start + length);
      const count = end - start;
      read.forEach(({ chunk }, index) => {
        chunk.set(part(at(sources, index), start, end));
      });
      run(count * Float32Array.BYTES_PER_ELEMENT, ...parameters);
      written.forEach(({ chunk }, index) => {
        at(targets, index).set(part(chunk, 0, count), start);
      });
    }
  };
}

/** Where the loop has its part of an array. */
interface Place {
  readonly name: string;
  readonly chunk: Float32Array;
}

/** A view of a part costs as much as copying some hundred numbers, so that the whole stands for itself. */
function part(array: Float32Array, start: number, end: number): Float32Array {
  return end - start === array.length ? array : array.subarray(start, end);
}

/** The loop of an update: every array is read where it is needed, all results are written at the end. */
export function planLoop({ inputs, operations, outputs }: UpdateGraph): LoopPlan {
  const targets = outputs.map(({ name, value }) => ({ name: STATE + name.slice(NEXT.length), value }));
  const isNumber = ({ shape }: Value): boolean => sizeOf(shape) === 1;
  const arrays = [
    ...new Set([...inputs.filter(({ value }) => !isNumber(value)), ...targets].map(({ name }) => name)),
  ];
  const numbers: (number | string)[] = [];
  const operands = new Map<Value, Instruction>();
  const addNumber = (value: Value, number: number | string): void => {
    operands.set(value, { op: 'number', index: numbers.length });
    numbers.push(number);
  };
  for (const { name, value } of inputs) {
    if (isNumber(value)) addNumber(value, name);
    else operands.set(value, { op: 'load', array: arrays.indexOf(name) });
  }
  const operandOf = (value: Value): Instruction =>
    orThrow(operands.get(value), 'an update uses a value before it is made');
  const body: Instruction[] = [];
  const results = new Map<Value, number>();
  let terms = 0;
  for (const operation of operations) {
    const result = at(operation.outputs, 0);
    if (operation.data) {
      addNumber(result, Number(operation.data[0]));
      continue;
    }
    for (const input of operation.inputs) body.push(operandOf(input));
    body.push(INSTRUCTIONS[operation.op], { op: 'set', term: terms });
    results.set(result, terms);
    operands.set(result, { op: 'get', term: terms++ });
  }
  const stores = targets.map(({ name, value }): Instruction => {
    const term = orThrow(results.get(value), `the update does not compute ${name}`);
    return { op: 'store', array: arrays.indexOf(name), term };
  });
  return { arrays, numbers, terms, body: [...body, ...stores] };
}

/** `run` goes over the first bytes of each array, in steps of four elements. */
type Instance = Exports<'run'>;

/** Loops by their bytes. Parameters whose updates have the same form share one, since only one update runs at a time. */
const instances = new Map<string, Instance>();

function instanceOf({ arrays, numbers, terms, body }: LoopPlan): Instance {
  const bytes = encodeLoop({
    arrays: arrays.length,
    stride: STRIDE,
    numbers: numbers.map((number) => (typeof number === 'string' ? null : number)),
    terms,
    body,
  });
  const key = Buffer.from(bytes).toString('base64');
  const known = instances.get(key);
  if (known !== undefined) return known;
  const instance: Instance = instantiate(bytes);
  instances.set(key, instance);
  return instance;
}
