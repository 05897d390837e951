/** @file The norm of all gradients asks for them in the order in which they cost least memory. */
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/compiler/graph.ts';
import { orderSums } from '../../../src/compiler/passes/sum-order.ts';
import { printGraph } from '../../../src/compiler/print.ts';
import { buildKernelGraph } from '../../support/graphs.ts';

const PLAIN = { transposeA: false, transposeB: false };

/** Norm of a large product of small arrays, of a small product of large ones, and of a decayed one, in this order. */
const graph = buildKernelGraph(
  { a: [8, 2], b: [2, 8], c: [3, 50], d: [50, 3], w: [3, 3] },
  (builder, values) => {
    const { a, b, c, d, w } = values as Record<'a' | 'b' | 'c' | 'd' | 'w', Value>;
    const large = builder.emit('BatchMatMul', [a, b], { shape: [8, 8] }, PLAIN);
    const small = builder.emit('BatchMatMul', [c, d], { shape: [3, 3] }, PLAIN);
    const square = builder.emit('Square', [large], large);
    const decayed = builder.emit('Add', [builder.emit('BatchMatMul', [c, d], w, PLAIN), w], w);
    const sumOf = (x: Value) => builder.emit('Sum', [x], { shape: [] }, { axes: [0, 1], keepDims: false });
    return { norm: builder.emit('AddN', [sumOf(square), sumOf(decayed), sumOf(small)], { shape: [] }) };
  },
);

describe('terms of a sum of numbers', () => {
  it('come as they can be computed, but matrices larger than their operands last', () => {
    expect(printGraph(orderSums(graph))).toMatchInlineSnapshot(`
      "input a float32[8,2]
      input b float32[2,8]
      input c float32[3,50]
      input d float32[50,3]
      input w float32[3,3]
      %0 float32[8,8] = BatchMatMul(a, b) {transposeA=false transposeB=false}
      %1 float32[3,3] = BatchMatMul(c, d) {transposeA=false transposeB=false}
      %2 float32[8,8] = Square(%0)
      %3 float32[3,3] = BatchMatMul(c, d) {transposeA=false transposeB=false}
      %4 float32[3,3] = Add(%3, w)
      %5 float32[] = Sum(%2) {axes=[0,1] keepDims=false}
      %6 float32[] = Sum(%4) {axes=[0,1] keepDims=false}
      %7 float32[] = Sum(%1) {axes=[0,1] keepDims=false}
      %8 float32[] = AddN(%7, %6, %5)
      output norm = %8"
    `);
  });

  it('stay where they are if they stand in this order, or are arrays', () => {
    const ordered = orderSums(graph);
    expect(orderSums(ordered)).toBe(ordered);
    const arrays = buildKernelGraph({ a: [4, 1], b: [1, 4], c: [4, 4] }, (builder, { a, b, c }) => {
      const product = builder.emit('BatchMatMul', [a as Value, b as Value], { shape: [4, 4] }, PLAIN);
      return { sum: builder.emit('AddN', [product, c as Value], { shape: [4, 4] }) };
    });
    expect(orderSums(arrays)).toBe(arrays);
  });
});
