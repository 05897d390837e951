/** @file The shared table of normal noise. */
import { describe, expect, it } from 'vitest';
import { NormalTable } from '../../src/random/normal-table.ts';
import { centralMoment, correlation, mean } from './statistics.ts';

const SIZE = 2 ** 16;
const at = (index: number) => ({ seed: 5, purpose: 'noise/conv2/output', index });

describe('NormalTable', () => {
  it('gives equal noise for equal keys, also from another table of the same seed', () => {
    const again = new NormalTable(5, SIZE).slice(at(3), 1000);
    expect(new NormalTable(5, SIZE).slice(at(3), 1000)).toEqual(again);
    expect(new NormalTable(6, SIZE).slice(at(3), 1000)).not.toEqual(again);
  });

  it('gives a view of one memory up to half its size, and no copy', () => {
    const table = new NormalTable(5, SIZE);
    const [first, second] = [table.slice(at(0), SIZE / 2), table.slice(at(1), 10)];
    expect(first).toHaveLength(SIZE / 2);
    expect(second.buffer).toBe(first.buffer);
    expect(first.buffer.byteLength).toBe(4 * SIZE);
  });

  it('starts anywhere in the table, from its first number to the last that leaves room', () => {
    const table = new NormalTable(5, 64);
    const offsets = Array.from({ length: 3000 }, (_, index) => table.slice(at(index), 32).byteOffset / 4);
    expect(new Set(offsets).size).toBe(33);
    expect(Math.max(...offsets)).toBe(32);
  });

  it('puts longer noise together from stretches, each with its own offset', () => {
    const table = new NormalTable(5, SIZE);
    const long = table.slice(at(0), 3 * SIZE + 5);
    expect(long).toHaveLength(3 * SIZE + 5);
    expect(long.every((value) => value !== 0)).toBe(true);
    const half = SIZE / 2;
    expect(long.subarray(0, half)).not.toEqual(long.subarray(half, SIZE));
  });

  it('looks like fresh normal noise from step to step', () => {
    const table = new NormalTable(5, SIZE);
    const length = 4096;
    const steps = Array.from({ length: 50 }, (_, index) => table.slice(at(index), length));
    const all = steps.flatMap((noise) => [...noise]);
    expect(Math.abs(mean(all))).toBeLessThan(0.02);
    expect(Math.abs(centralMoment(all, 2) - 1)).toBeLessThan(0.03);
    for (let step = 1; step < steps.length; step++) {
      const [before, now] = [steps[step - 1] ?? [], steps[step] ?? []];
      expect(Math.abs(correlation(before, now, length))).toBeLessThan(4.5 / Math.sqrt(length));
    }
  });
});
