/** @file Reproducible random numbers for tests, independent of the generators under test. */
import { type NamedArrays, sizeOf } from '../../src/arrays.ts';
import type { Signature } from '../../src/compiler/step.ts';

export interface Numbers {
  /** On [0, 1). */
  uniform(count: number): Float32Array;
  /** Mean 0, standard deviation 1. */
  normal(count: number): Float32Array;
}

/** Numbers that depend on the seed alone (the mulberry32 generator). */
export function createNumbers(seed: number): Numbers {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 8) / 2 ** 24;
  };
  const nextNormal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    uniform: (count) => Float32Array.from({ length: count }, next),
    normal: (count) => Float32Array.from({ length: count }, nextNormal),
  };
}

/** Normal numbers for arrays of the given shapes. */
export function drawArrays(specs: Signature['feeds'], seed: number): NamedArrays {
  const numbers = createNumbers(seed);
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [name, numbers.normal(sizeOf(shape))]),
  );
}
