/** @file Random streams: reproducible, addressable, uniform, independent of each other. */
import { describe, expect, it } from 'vitest';
import { fillBernoulli, fillNormal, fillUniform, integer, permutation } from '../../src/random/streams.ts';
import type { StreamKey } from '../../src/random/types.ts';
import { centralMoment, chiSquareDeviation, correlation, mean, normalDistribution } from './statistics.ts';

const KEY: StreamKey = { seed: 7, purpose: 'noise/dense1/kernel/keep', index: 12 };
const MANY = 200_000;

function uniform(key: StreamKey, length = MANY): Float32Array {
  const out = new Float32Array(length);
  fillUniform(key, out);
  return out;
}

function normal(key: StreamKey, length = MANY): Float32Array {
  const out = new Float32Array(length);
  fillNormal(key, out);
  return out;
}

function countBins(values: Float32Array, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.floor(value * bins)] = (counts[Math.floor(value * bins)] ?? 0) + 1;
  return counts;
}

describe('the streams', () => {
  // The expected numbers are from another implementation, in Python, with its library's hash and normal quantile.
  it('give the numbers that results already rest on', () => {
    const first = { seed: 0, purpose: 'pinned', index: 0 };
    expect([...uniform(first, 4)].map((value) => value * 2 ** 24)).toEqual([
      4537532, 10854159, 8240564, 3210275,
    ]);
    expect([...permutation(first, 10)]).toEqual([1, 8, 2, 9, 5, 6, 3, 7, 4, 0]);
    expect(integer(first, 1_000_000)).toBe(270_458);
    const normals = [-0.6114283663, 0.3771214653, -0.0221204318, -0.8729421145];
    for (const [index, value] of normals.entries()) {
      expect(normal(first, 4)[index]).toBeCloseTo(value, 6);
    }
  });

  it('give a prefix of the same numbers when fewer are asked for', () => {
    for (const length of [0, 1, 2, 999, 1000]) {
      expect(uniform(KEY, length)).toEqual(uniform(KEY, 5000).subarray(0, length));
      expect(normal(KEY, length)).toEqual(normal(KEY, 5000).subarray(0, length));
    }
  });

  it('write only to the view that they are given', () => {
    const whole = new Float32Array(10).fill(9);
    fillUniform(KEY, whole.subarray(3, 6));
    expect([...whole]).toEqual([9, 9, 9, ...uniform(KEY, 3), 9, 9, 9, 9]);
  });

  it('differ as soon as any part of the key does', () => {
    const keys: StreamKey[] = [
      KEY,
      { ...KEY, seed: 8 },
      { ...KEY, seed: 7 + 2 ** 32 },
      { ...KEY, seed: Number.MAX_SAFE_INTEGER },
      { ...KEY, index: 13 },
      { ...KEY, index: 12 + 2 ** 32 },
      { ...KEY, purpose: 'noise/dense2/kernel/keep' },
      { seed: 71, purpose: 'x', index: 2 },
      { seed: 7, purpose: 'x', index: 12 },
      { seed: 7, purpose: '1x', index: 2 },
    ];
    const beginnings = keys.map((key) => uniform(key, 4).join());
    expect(new Set(beginnings).size).toBe(keys.length);
  });

  it('do not correlate between neighbouring keys, at any small shift', () => {
    const neighbours: StreamKey[] = [
      { ...KEY, seed: 8 },
      { ...KEY, index: 13 },
      { ...KEY, purpose: 'noise/dense2/kernel/keep' },
    ];
    const here = uniform(KEY);
    for (const neighbour of neighbours) {
      const there = uniform(neighbour);
      for (const shift of [0, 1, 2, 3]) {
        // The correlation of n independent pairs has standard deviation 1 / √n.
        const bound = 4 / Math.sqrt(MANY);
        expect(Math.abs(correlation(here, there.subarray(shift), MANY - 3))).toBeLessThan(bound);
      }
    }
  });

  it('do not repeat a pattern over consecutive seeds and indices at one place', () => {
    for (const vary of ['seed', 'index'] as const) {
      const across = Float32Array.from(
        { length: 20_000 },
        (_, n) => uniform({ ...KEY, [vary]: n }, 1)[0] ?? 0,
      );
      expect(Math.abs(chiSquareDeviation(countBins(across, 100), new Array(100).fill(200)))).toBeLessThan(4);
      expect(Math.abs(correlation(across, across.subarray(1), 19_999))).toBeLessThan(4 / Math.sqrt(20_000));
    }
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53])('refuse %d as a seed or an index', (value) => {
    expect(() => uniform({ ...KEY, seed: value })).toThrow(RangeError);
    expect(() => uniform({ ...KEY, index: value })).toThrow(/index of random stream "noise/);
  });
});

describe('fillUniform', () => {
  const values = uniform(KEY);

  it('stays on [0, 1) in steps of 2^−24', () => {
    expect(values.every((value) => value >= 0 && value < 1 && Number.isInteger(value * 2 ** 24))).toBe(true);
  });

  it('uses all 24 bits', () => {
    for (let bit = 0; bit < 24; bit++) {
      const share = mean(values.map((value) => (Math.floor(value * 2 ** 24) >>> bit) & 1));
      expect(Math.abs(share - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / MANY));
    }
  });

  it('has the moments of the uniform distribution', () => {
    expect(Math.abs(mean(values) - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / MANY));
    expect(Math.abs(centralMoment(values, 2) - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / MANY));
  });

  it('falls evenly into bins, alone and in consecutive pairs', () => {
    expect(
      Math.abs(chiSquareDeviation(countBins(values, 256), new Array(256).fill(MANY / 256))),
    ).toBeLessThan(4);
    const pairs = new Array<number>(256).fill(0);
    for (let index = 0; index + 1 < MANY; index += 1) {
      const cell = Math.floor((values[index] ?? 0) * 16) * 16 + Math.floor((values[index + 1] ?? 0) * 16);
      pairs[cell] = (pairs[cell] ?? 0) + 1;
    }
    expect(Math.abs(chiSquareDeviation(pairs, new Array(256).fill((MANY - 1) / 256)))).toBeLessThan(5);
  });

  it('has no serial correlation', () => {
    for (const lag of [1, 2, 3, 4, 128, 784]) {
      expect(Math.abs(correlation(values, values.subarray(lag), MANY - lag))).toBeLessThan(
        4 / Math.sqrt(MANY),
      );
    }
  });
});

describe('fillBernoulli', () => {
  it('is 1 where the uniform numbers of the stream lie below the probability', () => {
    // Longer than what is drawn at once, and odd; 3 · 2^−24 and 0.5 are values of the stream themselves.
    const numbers = uniform(KEY).subarray(0, 3 * 4096 + 5);
    const first = numbers[0] as number;
    for (const probability of [0, 3 * 2 ** -24, 0.1, first, 0.5, 0.66, 1 - 2 ** -24, 1]) {
      const drawn = new Uint8Array(numbers.length);
      fillBernoulli(KEY, probability, drawn);
      const expected = Uint8Array.from(numbers, (value) => (value < Math.fround(probability) ? 1 : 0));
      expect(drawn).toEqual(expected);
    }
  });
});

describe('fillNormal', () => {
  const values = normal(KEY);

  it('has the moments of the standard normal distribution', () => {
    // Variances of the sample moments of a normal: 1, 2, 15 − 9 = 6 and 105 − 9 = 96, over n.
    expect(Math.abs(mean(values))).toBeLessThan(4 * Math.sqrt(1 / MANY));
    expect(Math.abs(centralMoment(values, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / MANY));
    expect(Math.abs(centralMoment(values, 3))).toBeLessThan(4 * Math.sqrt(6 / MANY));
    expect(Math.abs(centralMoment(values, 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / MANY));
  });

  it('falls into bins as the normal distribution function says', () => {
    const edges = Array.from({ length: 27 }, (_, index) => -3.25 + index / 4);
    const cumulated = [0, ...edges.map(normalDistribution), 1];
    const expected = cumulated.slice(1).map((upper, bin) => MANY * (upper - (cumulated[bin] ?? 0)));
    const observed = new Array<number>(expected.length).fill(0);
    for (const value of values) {
      const bin = edges.findIndex((edge) => value < edge);
      const place = bin < 0 ? edges.length : bin;
      observed[place] = (observed[place] ?? 0) + 1;
    }
    expect(Math.abs(chiSquareDeviation(observed, expected))).toBeLessThan(4);
  });

  it('has no serial correlation', () => {
    for (const lag of [1, 2, 3]) {
      expect(Math.abs(correlation(values, values.subarray(lag), MANY - lag))).toBeLessThan(
        4 / Math.sqrt(MANY),
      );
    }
  });
});

describe('permutation', () => {
  it('holds each number once', () => {
    for (const count of [0, 1, 2, 1000]) {
      expect([...permutation(KEY, count)].sort((a, b) => a - b)).toEqual([...new Array(count).keys()]);
    }
  });

  it('gives each of the 24 orders of four things equally often', () => {
    const draws = 24_000;
    const counts = new Map<string, number>();
    for (let index = 0; index < draws; index++) {
      const order = permutation({ ...KEY, index }, 4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(Math.abs(chiSquareDeviation([...counts.values()], new Array(24).fill(1000)))).toBeLessThan(4);
  });
});

describe('integer', () => {
  it('takes each value below the bound equally often', () => {
    const counts = new Array<number>(7).fill(0);
    for (let index = 0; index < 14_000; index++) {
      const value = integer({ ...KEY, index }, 7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    expect(counts).toHaveLength(7);
    expect(Math.abs(chiSquareDeviation(counts, new Array(7).fill(2000)))).toBeLessThan(4);
  });

  it('reaches the upper part of bounds beyond 32 bits, in odd numbers too', () => {
    const values = Array.from({ length: 100 }, (_, index) => integer({ ...KEY, index }, 2 ** 50));
    expect(Math.max(...values)).toBeGreaterThan(2 ** 50 * 0.9);
    expect(values.some((value) => value % 2 === 1)).toBe(true);
    expect(integer(KEY, 1)).toBe(0);
  });
});
