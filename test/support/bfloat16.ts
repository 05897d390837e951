/** @file Rounding as bfloat16 has it, in plain integers. */

/** To the nearest number of bfloat16; of two, to the even one. */
export function roundToBfloat16(numbers: Float32Array): Float32Array {
  const words = new Uint32Array(numbers.slice().buffer);
  const rounded = words.map((word) => ((word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000) >>> 0);
  return new Float32Array(rounded.buffer);
}
