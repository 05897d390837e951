/** @file A model that is compiled again is not: its session is used anew, unless another model came between. */

import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { createOnnxEngine } from '../../../src/engines/onnx/engine.ts';
import { ort } from '../../../src/engines/onnx/runtime.ts';
import type { Engine, Program } from '../../../src/engines/types.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';

const signature: Signature = {
  state: { total: { shape: [2], dtype: 'float32' } },
  feeds: { x: { shape: [2], dtype: 'float32' } },
};

/** Adds a multiple of x to the state. */
const addMultiple =
  (factor: number): StepFunction =>
  ({ total }, { x }) => {
    const sum = tf.add(total as tf.Tensor, tf.mul(x as tf.Tensor, factor));
    return { state: { total: sum }, fetches: { mean: tf.mean(sum) } };
  };

let engine: Engine;
beforeAll(useCpuBackend);
afterEach(() => vi.restoreAllMocks());

async function countCreated(): Promise<() => number> {
  // The first program of an engine also probes the size of blocks.
  engine = await createOnnxEngine({ threads: 1 });
  (await engine.compile(addMultiple(100), signature)).dispose();
  const create = vi.spyOn(ort.InferenceSession, 'create');
  return () => create.mock.calls.length;
}

async function meanAfter(program: Program, total: number[], x: number[]): Promise<number | undefined> {
  await program.writeState({ total: Float32Array.from(total) });
  return (await program.run({ x: Float32Array.from(x) })).mean?.[0];
}

it('uses the session of a program that was disposed, with the new state', async () => {
  const created = await countCreated();
  const first = await engine.compile(addMultiple(2), signature);
  expect(await meanAfter(first, [1, 3], [1, 1])).toBe(4);
  first.dispose();
  first.dispose();
  const second = await engine.compile(addMultiple(2), signature);
  expect(created()).toBe(1);
  expect(await meanAfter(second, [10, 20], [1, 2])).toBe(18);
  await expect(first.run({ x: new Float32Array(2) })).rejects.toThrow('disposed');
});

it('compiles for each of two programs that are there at once', async () => {
  const created = await countCreated();
  const programs = [
    await engine.compile(addMultiple(2), signature),
    await engine.compile(addMultiple(2), signature),
  ];
  expect(created()).toBe(2);
  const means = await Promise.all(
    programs.map((program, index) => meanAfter(program, [index, index], [1, 1])),
  );
  expect(means).toEqual([2, 3]);
  for (const program of programs) program.dispose();
  expect(await meanAfter(await engine.compile(addMultiple(2), signature), [1, 1], [1, 1])).toBe(3);
  expect(created()).toBe(2);
});

it('releases what lies idle when another model comes', async () => {
  const created = await countCreated();
  (await engine.compile(addMultiple(2), signature)).dispose();
  const other = await engine.compile(addMultiple(3), signature);
  expect(await meanAfter(other, [0, 0], [1, 1])).toBe(3);
  await engine.compile(addMultiple(2), signature);
  expect(created()).toBe(3);
});
