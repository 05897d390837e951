/** @file Large garbage is gone when the call returns. */
import { expect, it, vi } from 'vitest';
import { freeArrays, freeGarbage } from '../../src/engines/garbage.ts';

const MIB = 2 ** 20;

/** In a function of its own, which keeps nothing of what it made. */
function makeGarbage(bytes: number): number {
  return new Float32Array(bytes / 4).fill(1).length * 4;
}

const held = (): number => process.memoryUsage().arrayBuffers;

it('frees 128 MiB at once', () => {
  freeGarbage(64 * MIB);
  const before = held();
  makeGarbage(128 * MIB);
  expect(held() - before).toBeGreaterThan(120 * MIB);
  freeGarbage(128 * MIB);
  expect(held() - before).toBeLessThan(8 * MIB);
});

it('shows the collector to nobody else', () => {
  freeGarbage(64 * MIB);
  expect('gc' in globalThis).toBe(false);
});

it('frees large arrays that are named, and leaves small ones alone', async () => {
  const large = [new Float32Array(2 ** 22).fill(1), new Float32Array(2 ** 23).fill(2)];
  const small = Float32Array.of(3);
  const before = held();
  freeArrays([...large, small]);
  expect(large.map(({ length }) => length)).toEqual([0, 0]);
  expect(small).toEqual(Float32Array.of(3));
  // Node 20 frees the first of them when it comes to its events.
  await vi.waitFor(() => expect(before - held()).toBeGreaterThan(47 * MIB));
});
