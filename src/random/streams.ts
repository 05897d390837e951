/**
 * @file Random streams addressed by key: equal keys give equal numbers, whatever was drawn before.
 *
 * A key is hashed to the key of a counter-based generator, and number i of the stream is a function of that and i.
 * Nothing is kept between calls, so a run can resume at any step and still see the numbers it would have seen. Browsers draw
 * the same numbers as Node.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { normalQuantile } from './quantile.ts';
import { fillBelow, fillFractions, fillWords, type ThreefryKey } from './threefry.ts';
import type { StreamKey } from './types.ts';

/**
 * Fills `out` with uniform numbers on [0, 1), multiples of 2^−24 and so all exact in a float.
 *
 * @throws RangeError if the key's seed or index is not an integer from 0 to 2^53 − 1; the same holds for all functions here
 */
export function fillUniform(key: StreamKey, out: Float32Array): void {
  fillFractions(hashKey(key), out);
}

/**
 * Fills `out` with 1 where the uniform number of that place in the same stream lies below the probability, rounded to
 * single precision, and with 0 elsewhere.
 */
export function fillBernoulli(key: StreamKey, probability: number, out: Uint8Array): void {
  // k · 2^−24 < p just where the integer k is below the next integer from p · 2^24.
  const bound = Math.ceil(Math.fround(probability) * 2 ** 24);
  fillBelow(hashKey(key), bound, out);
}

/** Fills `out` with normal numbers of mean 0 and variance 1; none is beyond ±6.4. */
export function fillNormal(key: StreamKey, out: Float32Array): void {
  // Words in the memory of `out`, which saves a second array: number i then replaces word i.
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  fillWords(hashKey(key), words);
  // The half keeps the argument within (0, 1) and the distribution symmetric.
  for (let index = 0; index < out.length; index++) {
    out[index] = normalQuantile(((words[index] ?? 0) + 0.5) * 2 ** -32);
  }
}

/**
 * An integer from 0 to bound − 1, each equally likely to within bound / 2^53.
 *
 * @param bound an integer from 1 to 2^53 − 1
 */
export function integer(key: StreamKey, bound: number): number {
  const words = new Uint32Array(2);
  fillWords(hashKey(key), words);
  return scaleTo(bound, words, 0);
}

/** The integers 0 to count − 1 in random order, all orders equally likely (Fisher-Yates). */
export function permutation(key: StreamKey, count: number): Uint32Array {
  const words = new Uint32Array(2 * count);
  fillWords(hashKey(key), words);
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = scaleTo(index + 1, words, 2 * index);
    const value = order[index] ?? 0;
    order[index] = order[other] ?? 0;
    order[other] = value;
  }
  return order;
}

const encoder = new TextEncoder();

/** SHA-256 leaves no pattern between neighbouring keys and costs some microseconds a stream. */
function hashKey({ seed, purpose, index }: StreamKey): ThreefryKey {
  for (const [name, value] of Object.entries({ seed, index })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`the ${name} of random stream "${purpose}" is ${value}, not an integer from 0`);
    }
  }
  const digest = sha256(encoder.encode(JSON.stringify([seed, purpose, index])));
  const words = new DataView(digest.buffer, digest.byteOffset);
  return [words.getInt32(0, true), words.getInt32(4, true)];
}

/** Scales the 53 upper bits of two words to an integer below the bound. */
function scaleTo(bound: number, words: Uint32Array, position: number): number {
  const high = (words[position] ?? 0) >>> 5;
  const low = (words[position + 1] ?? 0) >>> 6;
  return Math.floor((high * 2 ** 26 + low) * 2 ** -53 * bound);
}
