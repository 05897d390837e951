/** @file Loops over arrays of any length compute in single precision, and touch nothing beyond their end. */
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../../src/compiler/graph.ts';
import { compileUpdate } from '../../../../src/engines/onnx/updates/compile.ts';
import { type HostOperator, splitUpdates } from '../../../../src/engines/onnx/updates/split.ts';
import { buildOnnxGraph, scalar } from '../../../support/graphs.ts';
import { createNumbers } from '../../../support/numbers.ts';

const { fround } = Math;

/** a ← √(a · a) / b − rate, b ← −(a + 0.1 · b): every operation once, with a constant and a number that is fed. */
function updateOf(length: number) {
  const shape = [length];
  const graph = buildOnnxGraph({ 'state/a': shape, 'state/b': shape, 'feed/rate': [] }, (builder, values) => {
    const { 'state/a': a, 'state/b': b, 'feed/rate': rate } = values as Record<string, Value>;
    const emit = (op: HostOperator, ...operands: (Value | undefined)[]): Value =>
      builder.emit(op, operands as Value[], { shape });
    return {
      'next/a': emit('Sub', emit('Div', emit('Sqrt', emit('Mul', a, a)), b), rate),
      'next/b': emit('Neg', emit('Add', a, emit('Mul', scalar(builder, 0.1), b))),
    };
  });
  const { updates } = splitUpdates(graph);
  expect(updates).toHaveLength(1);
  return compileUpdate(updates[0] as never);
}

describe('an update of the state', () => {
  it.each([2, 3, 4, 5, 4095, 4096, 4097, 10_001])('of %i elements is that of each element', (length) => {
    const numbers = createNumbers(length);
    const [a, b, rate] = [numbers.normal(length), numbers.normal(length), fround(0.3)];
    // The arrays are parts of a buffer, whose other numbers nobody may write.
    const inside = (data: Float32Array): Float32Array => {
      const whole = new Float32Array(length + 8).fill(77);
      whole.set(data, 4);
      return whole.subarray(4, length + 4);
    };
    const arrays: Record<string, Float32Array> = {
      'state/a': inside(a),
      'state/b': inside(b),
      'feed/rate': Float32Array.of(rate),
    };
    updateOf(length)((name) => arrays[name] as Float32Array);
    const root = (x: number): number => fround(Math.sqrt(fround(x * x)));
    const [nextA, nextB] = [arrays['state/a'], arrays['state/b']] as [Float32Array, Float32Array];
    expect(nextA).toEqual(a.map((x, index) => fround(fround(root(x) / (b[index] as number)) - rate)));
    expect(nextB).toEqual(
      b.map((y, index) => fround(-fround((a[index] as number) + fround(fround(0.1) * y)))),
    );
    for (const array of [nextA, nextB]) {
      const whole = new Float32Array(array.buffer);
      expect([...whole.subarray(0, 4), ...whole.subarray(-4)]).toEqual(Array(8).fill(77));
    }
  });

  it('takes infinities and NaN as they are', () => {
    const arrays: Record<string, Float32Array> = {
      'state/a': Float32Array.of(Number.POSITIVE_INFINITY, 1, Number.NaN, 0, -2),
      'state/b': Float32Array.of(1, 0, 1, 0, -0),
      'feed/rate': Float32Array.of(0),
    };
    updateOf(5)((name) => arrays[name] as Float32Array);
    expect(Array.from(arrays['state/a'] as Float32Array)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
    ]);
  });
});
