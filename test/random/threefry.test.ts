/** @file Threefry against its published test vectors, by way of a plain implementation with 64-bit integers. */
import { describe, expect, it } from 'vitest';
import { fillBelow, fillFractions, fillWords, type ThreefryKey } from '../../src/random/threefry.ts';

const MASK = 0xffffffffn;
const ROTATIONS = [13n, 15n, 26n, 6n, 17n, 29n, 16n, 24n];

/** One block as the paper writes it: four rounds, then the next two words of the key schedule. */
function encryptBlock(counter: [bigint, bigint], key: [bigint, bigint]): [bigint, bigint] {
  const schedule = [key[0], key[1], key[0] ^ key[1] ^ 0x1bd11bdan];
  let x = (counter[0] + key[0]) & MASK;
  let y = (counter[1] + key[1]) & MASK;
  for (let round = 0; round < 13; round++) {
    const bits = ROTATIONS[round % 8] ?? 0n;
    x = (x + y) & MASK;
    y = (((y << bits) | (y >> (32n - bits))) & MASK) ^ x;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x = (x + (schedule[injection % 3] ?? 0n)) & MASK;
      y = (y + (schedule[(injection + 1) % 3] ?? 0n) + BigInt(injection)) & MASK;
    }
  }
  return [x, y];
}

const ONES = 0xffffffffn;

describe('fillWords', () => {
  it.each([
    { counter: [0n, 0n], key: [0n, 0n], words: [0x9d1c5ec6n, 0x8bd50731n] },
    { counter: [ONES, ONES], key: [ONES, ONES], words: [0xfd36d048n, 0x2d17272cn] },
    {
      counter: [0x243f6a88n, 0x85a308d3n],
      key: [0x13198a2en, 0x03707344n],
      words: [0xba3e4725n, 0xf27d669en],
    },
  ])(
    'is compared with an implementation that meets the vectors of Random123 ($words)',
    ({ counter, key, words }) => {
      expect(encryptBlock(counter as [bigint, bigint], key as [bigint, bigint])).toEqual(words);
    },
  );

  it('gives the words of Threefry-2x32-13 for the counters 0, 1, 2 …, whatever the key', () => {
    const keys: ThreefryKey[] = [
      [0, 0],
      [-1, -1],
      [0x13198a2e, 0x03707344],
      [-2147483648, 2147483647],
    ];
    for (const key of keys) {
      const words = new Uint32Array(200);
      fillWords(key, words);
      const unsigned = key.map((word) => BigInt(word >>> 0)) as [bigint, bigint];
      const expected = Array.from({ length: 100 }, (_, counter) =>
        encryptBlock([BigInt(counter), 0n], unsigned),
      );
      expect([...words]).toEqual(expected.flat().map(Number));
    }
  });

  it('goes on at any even word', () => {
    const key: ThreefryKey = [0x13198a2e, 0x03707344];
    const all = new Uint32Array(200);
    fillWords(key, all);
    for (const first of [0, 2, 64, 150]) {
      const rest = new Uint32Array(49);
      fillWords(key, rest, first);
      expect(rest).toEqual(all.slice(first, first + 49));
    }
  });

  it('fills an odd number of words without a trace of the one that is left over', () => {
    const words = new Uint32Array(3);
    fillWords([0, 0], words.subarray(0, 1));
    expect([...words]).toEqual([0x9d1c5ec6, 0, 0]);
  });
});

describe('what is made of words', () => {
  const key: ThreefryKey = [0x13198a2e, 0x03707344];

  it.each([1, 15, 16, 17, 4095, 4096, 4097, 9000])('is made of all of %i', (length) => {
    const words = new Uint32Array(length);
    fillWords(key, words);
    const upper = [...words].map((word) => word >>> 8);
    const fractions = new Float32Array(length);
    fillFractions(key, fractions);
    expect([...fractions]).toEqual(upper.map((bits) => bits * 2 ** -24));
    for (const bound of [0, 1, 123_456, upper[0] ?? 0, (upper[0] ?? 0) + 1, 2 ** 24]) {
      const flags = new Uint8Array(length).fill(9);
      fillBelow(key, bound, flags);
      expect([...flags]).toEqual(upper.map((bits) => (bits < bound ? 1 : 0)));
    }
  });
});
