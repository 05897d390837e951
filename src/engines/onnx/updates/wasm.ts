/** @file Writes a WebAssembly module of one function: a loop over arrays of float32, four elements at a time. */

/** Arithmetic of single precision, lane by lane, and its code in WebAssembly. */
const ARITHMETIC = {
  'f32x4.neg': 0xe1,
  'f32x4.sqrt': 0xe3,
  'f32x4.add': 0xe4,
  'f32x4.sub': 0xe5,
  'f32x4.mul': 0xe6,
  'f32x4.div': 0xe7,
} as const;

/** What the loop does with four elements; operands lie on a stack. */
export type Instruction =
  | { readonly op: 'load'; readonly array: number }
  | { readonly op: 'number'; readonly index: number }
  | { readonly op: 'get' | 'set'; readonly term: number }
  | { readonly op: 'store'; readonly array: number; readonly term: number }
  | { readonly op: keyof typeof ARITHMETIC };

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

const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];
const PAGE_BYTES = 2 ** 16;
const BYTES_AT_ONCE = 16;

/**
 * The module: it exports `memory`, and `run(bytes, …parameters)`, which goes over the first bytes of each array.
 *
 * The binary format is that of the WebAssembly core specification 2.0, chapter 5.
 */
export function encodeLoop({ arrays, stride, numbers, terms, body }: Loop): Uint8Array<ArrayBuffer> {
  const parameters = numbers.filter((number) => number === null).length;
  const position = 1 + parameters;
  const firstNumber = position + 1;
  const firstTerm = firstNumber + numbers.length;
  let parameter = 0;
  const setup = numbers.flatMap((number, index) => [
    ...(number === null ? [0x20, ...unsigned(1 + parameter++)] : [0x43, ...float(number)]),
    ...simd(0x13),
    ...[0x21, ...unsigned(firstNumber + index)],
  ]);
  const address = (array: number): number[] => [4, ...unsigned(array * stride)];
  const encode = (instruction: Instruction): number[] => {
    switch (instruction.op) {
      case 'load':
        return [0x20, ...unsigned(position), ...simd(0x00), ...address(instruction.array)];
      case 'number':
        return [0x20, ...unsigned(firstNumber + instruction.index)];
      case 'get':
        return [0x20, ...unsigned(firstTerm + instruction.term)];
      case 'set':
        return [0x21, ...unsigned(firstTerm + instruction.term)];
      case 'store': {
        const { array, term } = instruction;
        const operands = [0x20, ...unsigned(position), 0x20, ...unsigned(firstTerm + term)];
        return [...operands, ...simd(0x0b), ...address(array)];
      }
      default:
        return simd(ARITHMETIC[instruction.op]);
    }
  };
  const next = [0x20, ...unsigned(position), 0x41, BYTES_AT_ONCE, 0x6a, 0x22, ...unsigned(position)];
  const loop = [0x03, 0x40, ...body.flatMap(encode), ...next, 0x20, 0x00, 0x49, 0x0d, 0x00, 0x0b];
  const locals = vector([
    [1, I32],
    [...unsigned(numbers.length + terms), V128],
  ]);
  const code = [...locals, ...setup, ...loop, 0x0b];
  const types = [0x60, ...vector([[I32], ...Array<number[]>(parameters).fill([F32])]), 0x00];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [types]),
    ...section(3, [[0]]),
    ...section(5, [[0, ...unsigned(Math.ceil((arrays * stride) / PAGE_BYTES))]]),
    ...section(7, [
      [...name('memory'), 0x02, 0],
      [...name('run'), 0x00, 0],
    ]),
    ...section(10, [[...unsigned(code.length), ...code]]),
  ]);
}

/** Least significant seven bits first (LEB128). */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function float(value: number): Uint8Array {
  return new Uint8Array(Float32Array.of(value).buffer);
}

function simd(code: number): number[] {
  return [0xfd, ...unsigned(code)];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function name(text: string): number[] {
  return vector([...Buffer.from(text)].map((byte) => [byte]));
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
}
