/** @file Images of bytes to floats, divided by 255 or to mean 0 and standard deviation 1, in WebAssembly: sixteen bytes at a time, to the bits of plain loops. */
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
} from '../wasm/assembler.ts';

/** Bytes that go through the loops at once. */
const VECTOR = 16;
/** Sums of so many squares of bytes fit into 32 bits. */
const SUMMED_AT_ONCE = 2 ** 15;
/** Where the four partial sums of bytes lie, behind them those of squares. */
const SUMS = 0;
const SQUARES = 16;
const BYTES = 32;

/** A place for one image of bytes, from which it becomes floats. */
export interface Normalizer {
  /** `[size]`: the image, to be written before one of the functions is called. */
  readonly bytes: Uint8Array;
  /**
   * Writes the image divided by 255.
   *
   * @param out receives `size` numbers from `target` on
   */
  scale(out: Float32Array, target: number): void;
  /**
   * Writes the image with mean 0 and standard deviation 1: (x − mean) / max(sd, 1 / √size), with x as bytes from 0 to 255, computed in
   * double precision. The bound matters to images of one colour only; they become zero.
   *
   * @param out receives `size` numbers from `target` on
   */
  standardize(out: Float32Array, target: number): void;
}

/** @param size numbers in an image */
export function createNormalizer(size: number): Normalizer {
  const padded = Math.ceil(size / VECTOR) * VECTOR;
  const floats = BYTES + padded;
  const exports: Exports<'scale' | 'sums' | 'standardize'> = instantiate(
    encodeModule(
      [scaleFunction(floats), sumsFunction(), standardizeFunction(floats)],
      floats + padded * Float32Array.BYTES_PER_ELEMENT,
    ),
  );
  const { buffer } = exports.memory;
  // What lies behind an image's end stays zero, and adds nothing to the sums.
  const bytes = new Uint8Array(buffer, BYTES, size);
  const results = new Float32Array(buffer, floats, size);
  const partialSums = new Uint32Array(buffer, SUMS, 4);
  const partialSquares = new Uint32Array(buffer, SQUARES, 4);
  return {
    bytes,
    scale: (out, target) => {
      exports.scale(padded);
      out.set(results, target);
    },
    standardize: (out, target) => {
      let sum = 0;
      let squares = 0;
      for (let start = 0; start < padded; start += SUMMED_AT_ONCE) {
        exports.sums(start, Math.min(padded, start + SUMMED_AT_ONCE));
        for (let lane = 0; lane < 4; lane++) {
          sum += partialSums[lane] as number;
          squares += partialSquares[lane] as number;
        }
      }
      // Sums of whole numbers, exact in a double.
      const mean = sum / size;
      const deviation = Math.sqrt(Math.max(0, squares / size - mean * mean));
      exports.standardize(padded, mean, 1 / Math.max(deviation, 1 / Math.sqrt(size)));
      out.set(results, target);
    },
  };
}

/** `scale(end)`: byte / 255, rounded once. */
function scaleFunction(floats: number): FunctionSource {
  const [end, position, divisor, bytes, half] = [0, 1, 2, 3, 4];
  const body = [
    ...getLocal(position),
    ...load(BYTES),
    ...setLocal(bytes),
    ...inQuarters(bytes, half, (quarter, index) => [
      ...addressOfFloats(position),
      ...quarter,
      ...operate('f32x4.convert_i32x4_u'),
      ...getLocal(divisor),
      ...operate('f32x4.div'),
      ...store(floats + VECTOR * index),
    ]),
  ];
  return {
    name: 'scale',
    parameters: ['i32'],
    locals: ['i32', 'v128', 'v128', 'v128'],
    code: [
      ...f32(255),
      ...operate('f32x4.splat'),
      ...setLocal(divisor),
      ...repeat(position, VECTOR, end, body),
    ],
  };
}

/** Where the floats of the bytes at a position lie, but for the address of the first. */
function addressOfFloats(position: number): Code {
  return [...getLocal(position), ...i32(Float32Array.BYTES_PER_ELEMENT), ...multiplyI32];
}

/**
 * What is done with each four of sixteen bytes.
 *
 * @param half a local that is overwritten with eight of them, two bytes each
 * @param code given what puts four integers of 32 bits on the stack, and which four they are
 */
function inQuarters(bytes: number, half: number, code: (quarter: Code, index: number) => Code): Code {
  const halves = ['i16x8.extend_low_i8x16_u', 'i16x8.extend_high_i8x16_u'] as const;
  const quarters = ['i32x4.extend_low_i16x8_u', 'i32x4.extend_high_i16x8_u'] as const;
  return halves.flatMap((ofBytes, first) => [
    ...getLocal(bytes),
    ...operate(ofBytes),
    ...setLocal(half),
    ...quarters.flatMap((ofHalf, second) =>
      code([...getLocal(half), ...operate(ofHalf)], 2 * first + second),
    ),
  ]);
}

/** `sums(start, end)`: of bytes and of their squares, in four parts each. */
function sumsFunction(): FunctionSource {
  const [position, end, sums, squares, bytes, half] = [0, 1, 2, 3, 4, 5];
  const squaresOf = (extension: 'i16x8.extend_low_i8x16_u' | 'i16x8.extend_high_i8x16_u'): Code => [
    ...getLocal(bytes),
    ...operate(extension),
    ...setLocal(half),
    ...getLocal(squares),
    ...getLocal(half),
    ...getLocal(half),
    ...operate('i32x4.dot_i16x8_s'),
    ...operate('i32x4.add'),
    ...setLocal(squares),
  ];
  const body = [
    ...getLocal(position),
    ...load(BYTES),
    ...setLocal(bytes),
    ...getLocal(sums),
    ...getLocal(bytes),
    ...operate('i16x8.extadd_pairwise_i8x16_u'),
    ...operate('i32x4.extadd_pairwise_i16x8_u'),
    ...operate('i32x4.add'),
    ...setLocal(sums),
    ...squaresOf('i16x8.extend_low_i8x16_u'),
    ...squaresOf('i16x8.extend_high_i8x16_u'),
  ];
  const keep = (address: number, local: number): Code => [...i32(0), ...getLocal(local), ...store(address)];
  return {
    name: 'sums',
    parameters: ['i32', 'i32'],
    locals: ['v128', 'v128', 'v128', 'v128'],
    code: [...repeat(position, VECTOR, end, body), ...keep(SUMS, sums), ...keep(SQUARES, squares)],
  };
}

/** `standardize(end, mean, factor)`: (byte − mean) · factor, in doubles, rounded once. */
function standardizeFunction(floats: number): FunctionSource {
  const [end, mean, factor, position, means, factors, bytes, half, quarter] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const splat = (from: number, to: number): Code => [
    ...getLocal(from),
    ...operate('f64x2.splat'),
    ...setLocal(to),
  ];
  const pair = (integersOfPair: Code): Code => [
    ...integersOfPair,
    ...operate('f64x2.convert_low_i32x4_u'),
    ...getLocal(means),
    ...operate('f64x2.sub'),
    ...getLocal(factors),
    ...operate('f64x2.mul'),
    ...operate('f32x4.demote_f64x2_zero'),
  ];
  const lanes = (...bytesOfLanes: number[]): Code =>
    shuffle(bytesOfLanes.flatMap((first) => Array.from({ length: 8 }, (_, byte) => first + byte)));
  const body = [
    ...getLocal(position),
    ...load(BYTES),
    ...setLocal(bytes),
    ...inQuarters(bytes, half, (four, index) => [
      ...four,
      ...setLocal(quarter),
      ...addressOfFloats(position),
      ...pair(getLocal(quarter)),
      ...pair([...getLocal(quarter), ...integers([0, 0, 0, 0]), ...lanes(8, 16)]),
      ...lanes(0, 16),
      ...store(floats + VECTOR * index),
    ]),
  ];
  return {
    name: 'standardize',
    parameters: ['i32', 'f64', 'f64'],
    locals: ['i32', 'v128', 'v128', 'v128', 'v128', 'v128'],
    code: [...splat(mean, means), ...splat(factor, factors), ...repeat(position, VECTOR, end, body)],
  };
}
