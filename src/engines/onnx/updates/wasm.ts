/** @file Writes a loop over arrays of float32, four elements at a time, as a WebAssembly module. */
import {
  type Code,
  encodeModule,
  f32,
  getLocal,
  load,
  operate,
  repeat,
  setLocal,
  store,
} from '../../../wasm/assembler.ts';

/** Arithmetic of single precision, lane by lane. */
type Arithmetic = `f32x4.${'add' | 'sub' | 'mul' | 'div' | 'neg' | 'sqrt'}`;

/** What the loop does with four elements; operands lie on a stack. */
export type Instruction =
  | { readonly op: 'load'; readonly array: number }
  | { readonly op: 'number'; readonly index: number }
  | { readonly op: 'get' | 'set'; readonly term: number }
  | { readonly op: 'store'; readonly array: number; readonly term: number }
  | { readonly op: Arithmetic };

export interface Loop {
  /** Places in memory, one array after the other. */
  readonly arrays: number;
  /** Bytes from one array to the next, a multiple of 16. */
  readonly stride: number;
  /** Numbers that are the same for all elements: constants, or null for a parameter of the function. */
  readonly numbers: readonly (number | null)[];
  /** Intermediate results. */
  readonly terms: number;
  readonly body: readonly Instruction[];
}

const BYTES_AT_ONCE = 16;

/** The module: it exports `memory`, and `run(bytes, …parameters)`, which goes over the first bytes of each array. */
export function encodeLoop({ arrays, stride, numbers, terms, body }: Loop): Uint8Array {
  const parameters = numbers.filter((number) => number === null);
  const position = 1 + parameters.length;
  const firstNumber = position + 1;
  const firstTerm = firstNumber + numbers.length;
  let parameter = 1;
  const setup = numbers.flatMap((number, index) => [
    ...(number === null ? getLocal(parameter++) : f32(number)),
    ...operate('f32x4.splat'),
    ...setLocal(firstNumber + index),
  ]);
  const encode = (instruction: Instruction): Code => {
    switch (instruction.op) {
      case 'load':
        return [...getLocal(position), ...load(instruction.array * stride)];
      case 'number':
        return getLocal(firstNumber + instruction.index);
      case 'get':
        return getLocal(firstTerm + instruction.term);
      case 'set':
        return setLocal(firstTerm + instruction.term);
      case 'store': {
        const { array, term } = instruction;
        return [...getLocal(position), ...getLocal(firstTerm + term), ...store(array * stride)];
      }
      default:
        return operate(instruction.op);
    }
  };
  const run = {
    name: 'run',
    parameters: ['i32', ...parameters.map(() => 'f32' as const)],
    locals: ['i32', ...Array.from({ length: numbers.length + terms }, () => 'v128' as const)],
    code: [...setup, ...repeat(position, BYTES_AT_ONCE, 0, body.flatMap(encode))],
  } as const;
  return encodeModule([run], arrays * stride);
}
