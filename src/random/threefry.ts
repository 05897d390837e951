/** @file Threefry-2x32 with 13 rounds: the counter-based generator under every random stream. */

/** Two 32-bit words that select one of 2^64 sequences. */
export type ThreefryKey = readonly [number, number];

/** Word that ties the key's third part to the other two, from Salmon et al. 2011, section 4.2. */
const PARITY = 0x1bd11bda;

/**
 * Fills `out` with the generator's words `first`, `first` + 1 …, two words a counter, so that word i depends on the key
 * and i only.
 *
 * @param first even
 *
 * Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (2011). 13 rounds are the fewest that
 * pass BigCrush. Rounds are written out because this loop makes every random number of a training step.
 */
export function fillWords(key: ThreefryKey, out: Uint32Array, first = 0): void {
  // As integers for certain, or the compiled loop adds floating-point numbers.
  const key0 = key[0] | 0;
  const key1 = key[1] | 0;
  const key2 = key0 ^ key1 ^ PARITY;
  const counter = ((first >>> 1) + key0) | 0;
  const last = out.length - 1;
  for (let index = 0; index <= last; index += 2) {
    let x = ((index >>> 1) + counter) | 0;
    let y = key1;
    x = (x + y) | 0;
    y = rotate(y, 13) ^ x;
    x = (x + y) | 0;
    y = rotate(y, 15) ^ x;
    x = (x + y) | 0;
    y = rotate(y, 26) ^ x;
    x = (x + y) | 0;
    y = rotate(y, 6) ^ x;
    x = (x + key1) | 0;
    y = (y + key2 + 1) | 0;
    x = (x + y) | 0;
    y = rotate(y, 17) ^ x;
    x = (x + y) | 0;
    y = rotate(y, 29) ^ x;
    x = (x + y) | 0;
    y = rotate(y, 16) ^ x;
    x = (x + y) | 0;
    y = rotate(y, 24) ^ x;
    x = (x + key2) | 0;
    y = (y + key0 + 2) | 0;
    x = (x + y) | 0;
    y = rotate(y, 13) ^ x;
    x = (x + y) | 0;
    y = rotate(y, 15) ^ x;
    x = (x + y) | 0;
    y = rotate(y, 26) ^ x;
    x = (x + y) | 0;
    y = rotate(y, 6) ^ x;
    x = (x + key0) | 0;
    y = (y + key1 + 3) | 0;
    x = (x + y) | 0;
    y = rotate(y, 17) ^ x;
    out[index] = x;
    if (index < last) out[index + 1] = y;
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
