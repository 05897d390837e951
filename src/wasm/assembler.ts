/**
 * @file Writes WebAssembly: as much of it as loops over arrays in vectors of 128 bits need.
 *
 * The binary format is that of the WebAssembly core specification 2.0, chapter 5. Code is a list of bytes for a machine
 * that keeps operands on a stack.
 */

export type Code = readonly number[];

const TYPES = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type Type = keyof typeof TYPES;

export interface FunctionSource {
  readonly name: string;
  readonly parameters: readonly Type[];
  /** Numbered on from the parameters; all begin with zeros. */
  readonly locals: readonly Type[];
  readonly code: Code;
}

/** Operations on vectors, lane by lane, with two operands or one. */
const VECTOR_OPERATIONS = {
  'f32x4.demote_f64x2_zero': 0x5e,
  'i8x16.narrow_i16x8_s': 0x65,
  'i16x8.extadd_pairwise_i8x16_u': 0x7d,
  'i32x4.extadd_pairwise_i16x8_u': 0x7f,
  'i16x8.extend_low_i8x16_u': 0x89,
  'i16x8.extend_high_i8x16_u': 0x8a,
  'i32x4.extend_low_i16x8_u': 0xa9,
  'i32x4.extend_high_i16x8_u': 0xaa,
  'i16x8.narrow_i32x4_s': 0x85,
  'i32x4.splat': 0x11,
  'i32x4.lt_s': 0x39,
  'i32x4.shl': 0xab,
  'i32x4.shr_u': 0xad,
  'i32x4.add': 0xae,
  'i32x4.dot_i16x8_s': 0xba,
  'v128.and': 0x4e,
  'v128.or': 0x50,
  'v128.xor': 0x51,
  'f32x4.splat': 0x13,
  'f32x4.neg': 0xe1,
  'f32x4.sqrt': 0xe3,
  'f32x4.add': 0xe4,
  'f32x4.sub': 0xe5,
  'f32x4.mul': 0xe6,
  'f32x4.div': 0xe7,
  'f32x4.convert_i32x4_u': 0xfb,
  'f64x2.splat': 0x14,
  'f64x2.sub': 0xf1,
  'f64x2.mul': 0xf2,
  'f64x2.convert_low_i32x4_u': 0xff,
} as const;
export type VectorOperation = keyof typeof VECTOR_OPERATIONS;

const PAGE_BYTES = 2 ** 16;

/** A module that exports its functions, and `memory`. */
export function encodeModule(functions: readonly FunctionSource[], memoryBytes: number): Uint8Array {
  const types = functions.map(({ parameters }) => [0x60, ...vector(parameters.map(typeOf)), 0]);
  const bodies = functions.map(({ locals, code }) => {
    const body = [...vector(locals.map((type) => [1, ...typeOf(type)])), ...code, 0x0b];
    return [...unsigned(body.length), ...body];
  });
  const exported = functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[0, ...unsigned(Math.ceil(memoryBytes / PAGE_BYTES))]]),
    ...section(7, [[...text('memory'), 0x02, 0], ...exported]),
    ...section(10, bodies),
  ]);
}

export type Exports<Names extends string> = {
  readonly memory: { readonly buffer: ArrayBuffer };
} & Readonly<Record<Names, (...parameters: number[]) => void>>;

/** As much of Node's WebAssembly as is used here; the libraries of TypeScript declare it for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

/** Compiles a module that imports nothing. */
export function instantiate<Names extends string>(module: Uint8Array): Exports<Names> {
  return new WebAssembly.Instance(new WebAssembly.Module(module)).exports as Exports<Names>;
}

export function getLocal(index: number): Code {
  return [0x20, ...unsigned(index)];
}

export function setLocal(index: number): Code {
  return [0x21, ...unsigned(index)];
}

export function i32(value: number): Code {
  return [0x41, ...signed(value)];
}

export function f32(value: number): Code {
  return [0x43, ...new Uint8Array(Float32Array.of(value).buffer)];
}

export const addI32: Code = [0x6a];
export const multiplyI32: Code = [0x6c];

export function operate(operation: VectorOperation): Code {
  return simd(VECTOR_OPERATIONS[operation]);
}

/** The vector at an address, which lies on the stack, and `offset` bytes on. */
export function load(offset: number): Code {
  return [...simd(0x00), 0, ...unsigned(offset)];
}

/** Takes an address and a vector from the stack. */
export function store(offset: number): Code {
  return [...simd(0x0b), 0, ...unsigned(offset)];
}

/** Four integers of 32 bits. */
export function integers(values: readonly [number, number, number, number]): Code {
  return [...simd(0x0c), ...new Uint8Array(Int32Array.from(values).buffer)];
}

/** Picks 16 of the 32 bytes of two vectors by their places. */
export function shuffle(bytes: readonly number[]): Code {
  return [...simd(0x0d), ...bytes];
}

/** Runs the body at least once, and on while a local, which grows by `step` each time, is below another. */
export function repeat(counter: number, step: number, end: number, body: Code): Code {
  const next = [...getLocal(counter), ...i32(step), ...addI32, 0x22, ...unsigned(counter)];
  return [0x03, 0x40, ...body, ...next, ...getLocal(end), 0x49, 0x0d, 0x00, 0x0b];
}

function typeOf(type: Type): Code {
  return [TYPES[type]];
}

/** Least significant seven bits first (LEB128). */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const isLast = value >= -0x40 && value < 0x40;
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

function simd(code: number): number[] {
  return [0xfd, ...unsigned(code)];
}

function vector(items: readonly Code[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name: string): number[] {
  return vector([...new TextEncoder().encode(name)].map((byte) => [byte]));
}

function section(id: number, items: readonly Code[]): number[] {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
}
