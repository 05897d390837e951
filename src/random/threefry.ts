/** @file Threefry-2x32 with 13 rounds: the counter-based generator under every random stream, in WebAssembly. */
import {
  type Code,
  type Exports,
  encodeModule,
  type FunctionSource,
  f32,
  getLocal,
  i32,
  instantiate,
  integers,
  load,
  multiplyI32,
  operate,
  repeat,
  setLocal,
  shuffle,
  store,
  type VectorOperation,
} from '../wasm/assembler.ts';

/** Two 32-bit words that select one of 2^64 sequences. */
export type ThreefryKey = readonly [number, number];

/** Word that ties the key's third part to the other two, from Salmon et al. 2011, section 4.2. */
const PARITY = 0x1bd11bda;
const ROUNDS = 13;
/** Bits by which rounds rotate, over and over; the same paper, table 2. */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];
/** Rounds between two additions of the key. */
const INJECTION = 4;

/** Small enough for the fast caches; even, as words come in pairs. */
const WORDS_AT_ONCE = 2 ** 12;
/** Where results made of the words lie. */
const RESULTS = WORDS_AT_ONCE * Uint32Array.BYTES_PER_ELEMENT;

/**
 * Fills `out` with the generator's words `first`, `first` + 1 …, two words a counter, so that word i depends on the key
 * and i only.
 *
 * @param first even
 *
 * Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (2011). 13 rounds are the fewest that
 * pass BigCrush.
 */
export function fillWords(key: ThreefryKey, out: Uint32Array, first = 0): void {
  const { words } = generator();
  forChunks(key, out.length, first, (begin, count) => out.set(words.subarray(0, count), begin));
}

/** Fills `out` with 1 where the upper 24 bits of the word of that place are below an integer up to 2^24, else with 0. */
export function fillBelow(key: ThreefryKey, bound: number, out: Uint8Array): void {
  const { exports, flags } = generator();
  forChunks(key, out.length, 0, (begin, count) => {
    exports.below(count, bound);
    out.set(flags.subarray(0, count), begin);
  });
}

/** Fills `out` with the upper 24 bits of each word, times 2^−24. */
export function fillFractions(key: ThreefryKey, out: Float32Array): void {
  const { exports, fractions } = generator();
  forChunks(key, out.length, 0, (begin, count) => {
    exports.fractions(count * Float32Array.BYTES_PER_ELEMENT);
    out.set(fractions.subarray(0, count), begin);
  });
}

/** Makes the words in memory, some at a time. */
function forChunks(
  [key0, key1]: ThreefryKey,
  length: number,
  first: number,
  use: (begin: number, count: number) => void,
): void {
  const { exports } = generator();
  for (let begin = 0; begin < length; begin += WORDS_AT_ONCE) {
    const count = Math.min(WORDS_AT_ONCE, length - begin);
    exports.words(count * Uint32Array.BYTES_PER_ELEMENT, key0, key1, (first + begin) / 2);
    use(begin, count);
  }
}

interface Generator {
  readonly exports: Exports<'words' | 'below' | 'fractions'>;
  readonly words: Uint32Array;
  readonly flags: Uint8Array;
  readonly fractions: Float32Array;
}

let compiled: Generator | undefined;

function generator(): Generator {
  if (compiled === undefined) {
    const functions = [wordsFunction(), belowFunction(), fractionsFunction()];
    const exports: Generator['exports'] = instantiate(encodeModule(functions, 2 * RESULTS));
    const { buffer } = exports.memory;
    compiled = {
      exports,
      words: new Uint32Array(buffer, 0, WORDS_AT_ONCE),
      flags: new Uint8Array(buffer, RESULTS, WORDS_AT_ONCE),
      fractions: new Float32Array(buffer, RESULTS, WORDS_AT_ONCE),
    };
  }
  return compiled;
}

const binary = (a: number, b: number, operation: VectorOperation): Code => [
  ...getLocal(a),
  ...getLocal(b),
  ...operate(operation),
];
const assign = (local: number, code: Code): Code => [...code, ...setLocal(local)];

/** `words(bytes, key0, key1, counter)`: four counters at a time, whose words are then put side by side. */
function wordsFunction(): FunctionSource {
  const [bytes, key0, key1, counter, position, x, y, counters] = [0, 1, 2, 3, 4, 5, 6, 7];
  const keys = [8, 9, 10];
  const splat = (local: number): Code => [...getLocal(local), ...operate('i32x4.splat')];
  const addConstant = (local: number, value: number): Code =>
    assign(local, [...getLocal(local), ...i32(value), ...operate('i32x4.splat'), ...operate('i32x4.add')]);
  const [first, second, third] = keys as [number, number, number];
  const setup = [
    ...assign(first, splat(key0)),
    ...assign(second, splat(key1)),
    ...assign(third, binary(first, second, 'v128.xor')),
    ...assign(third, [...getLocal(third), ...i32(PARITY), ...operate('i32x4.splat'), ...operate('v128.xor')]),
    ...assign(counters, [...splat(counter), ...integers([0, 1, 2, 3]), ...operate('i32x4.add')]),
  ];
  const body: number[] = [...assign(x, binary(counters, first, 'i32x4.add')), ...assign(y, getLocal(second))];
  for (let round = 0; round < ROUNDS; round++) {
    const bits = ROTATIONS[round % ROTATIONS.length] as number;
    const shifted = (by: number, operation: VectorOperation): Code => [
      ...getLocal(y),
      ...i32(by),
      ...operate(operation),
    ];
    body.push(...assign(x, binary(x, y, 'i32x4.add')));
    const rotated = [
      ...shifted(bits, 'i32x4.shl'),
      ...shifted(32 - bits, 'i32x4.shr_u'),
      ...operate('v128.or'),
    ];
    body.push(...assign(y, [...rotated, ...getLocal(x), ...operate('v128.xor')]));
    if (round % INJECTION === INJECTION - 1) {
      const injection = (round + 1) / INJECTION;
      body.push(...assign(x, binary(x, keys[injection % 3] as number, 'i32x4.add')));
      body.push(...assign(y, binary(y, keys[(injection + 1) % 3] as number, 'i32x4.add')));
      body.push(...addConstant(y, injection));
    }
  }
  const lane = (vector: number, index: number): number[] =>
    [0, 1, 2, 3].map((byte) => vector * 16 + index * 4 + byte);
  for (const half of [0, 1]) {
    const bytesOfHalf = [2 * half, 2 * half + 1].flatMap((index) => [...lane(0, index), ...lane(1, index)]);
    const pairs = [...getLocal(x), ...getLocal(y), ...shuffle(bytesOfHalf)];
    body.push(...getLocal(position), ...pairs, ...store(16 * half));
  }
  body.push(...addConstant(counters, 4));
  return {
    name: 'words',
    parameters: ['i32', 'i32', 'i32', 'i32'],
    locals: ['i32', 'v128', 'v128', 'v128', 'v128', 'v128', 'v128'],
    code: [...setup, ...repeat(position, 32, bytes, body)],
  };
}

/** Upper 24 bits of the words at an address, `offset` bytes on. */
function upperBits(address: Code, offset: number): Code {
  return [...address, ...load(offset), ...i32(8), ...operate('i32x4.shr_u')];
}

/** `below(count, bound)`: of 16 words a byte each. */
function belowFunction(): FunctionSource {
  const [count, bound, position, bounds] = [0, 1, 2, 3];
  const address = [...getLocal(position), ...i32(4), ...multiplyI32];
  const compare = (quarter: number): Code => [
    ...upperBits(address, 16 * quarter),
    ...getLocal(bounds),
    ...operate('i32x4.lt_s'),
  ];
  const half = (first: number): Code => [
    ...compare(first),
    ...compare(first + 1),
    ...operate('i16x8.narrow_i32x4_s'),
  ];
  const ones = integers([0x01010101, 0x01010101, 0x01010101, 0x01010101]);
  const flags = [...half(0), ...half(2), ...operate('i8x16.narrow_i16x8_s'), ...ones, ...operate('v128.and')];
  const setup = assign(bounds, [...getLocal(bound), ...operate('i32x4.splat')]);
  return {
    name: 'below',
    parameters: ['i32', 'i32'],
    locals: ['i32', 'v128'],
    code: [...setup, ...repeat(position, 16, count, [...getLocal(position), ...flags, ...store(RESULTS)])],
  };
}

/** `fractions(bytes)`: of a word a number in [0, 1). */
function fractionsFunction(): FunctionSource {
  const [bytes, position] = [0, 1];
  const fraction = [
    ...upperBits(getLocal(position), 0),
    ...operate('f32x4.convert_i32x4_u'),
    ...f32(2 ** -24),
    ...operate('f32x4.splat'),
    ...operate('f32x4.mul'),
  ];
  return {
    name: 'fractions',
    parameters: ['i32'],
    locals: ['i32'],
    code: repeat(position, 16, bytes, [...getLocal(position), ...fraction, ...store(RESULTS)]),
  };
}
