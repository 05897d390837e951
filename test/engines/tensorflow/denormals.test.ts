/** @file Numbers too small for full precision: zero on TensorFlow, whoever computes them, and numbers in JavaScript. */
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import type { Signature, StepFunction } from '../../../src/compiler/step.ts';
import { compile } from '../../../src/engines/tensorflow/engine.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';

const square: StepFunction = (_, { x }) => ({ state: {}, fetches: { y: tf.mul(x as tf.Tensor, 1e-10) } });

/** Asked of the processor: the compiler knows what is above zero. */
const isNumber = (number: number): boolean => Float64Array.of(number).map((x) => x * 3)[0] !== 0;

describeTensorflow('numbers too small for full precision', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });

  // A few are computed on the thread that calls, many on all.
  it.each([1, 7, 1_000_000])('are zero: %d of them', async (count) => {
    const signature: Signature = { state: {}, feeds: { x: { shape: [count], dtype: 'float32' } } };
    const program = compile(square, signature, native);
    const { y } = await program.run({ x: new Float32Array(count).fill(1e-30) });
    program.dispose();
    expect(y?.length).toBe(count);
    expect(y?.some((number) => number !== 0)).toBe(false);
    // 1e-40 is one in float32, as 5e-324 is in float64.
    expect(Float32Array.of(1e-30).map((number) => number * 1e-10)[0]).toBeGreaterThan(0);
    expect(isNumber(Number.MIN_VALUE)).toBe(true);
  });

  it('are numbers in JavaScript again after a step that failed', () => {
    expect(() => native.binding.runSavedModel(-1, [], '', '')).toThrow();
    expect(isNumber(Number.MIN_VALUE)).toBe(true);
  });
});
