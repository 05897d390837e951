/** @file Sums of squares of whole arrays are one operation. */
import { expect, it } from 'vitest';
import type { Value } from '../../../../src/compiler/graph.ts';
import { simplify } from '../../../../src/compiler/passes/simplify.ts';
import { printGraph } from '../../../../src/compiler/print.ts';
import { joinSquareSums } from '../../../../src/engines/onnx/passes/square-sums.ts';
import { ort } from '../../../../src/engines/onnx/runtime.ts';
import { serialize } from '../../../../src/engines/onnx/serialize.ts';
import { buildOnnxGraph } from '../../../support/graphs.ts';

/** Σ x·y over the given axes. */
const sumOf = (axes: number[], pick: (x: Value, y: Value) => [Value, Value]) =>
  buildOnnxGraph({ x: [2, 3], y: [2, 3] }, (builder, values) => {
    const [x, y] = [values.x, values.y] as [Value, Value];
    const product = builder.emit('Mul', pick(x, y), { shape: [2, 3] });
    const shape = [2, 3].filter((_, axis) => !axes.includes(axis));
    return { sum: builder.emit('ReduceSum', [product], { shape }, { axes, keepdims: 0 }) };
  });

it('joins a square and its sum', async () => {
  const joined = simplify(joinSquareSums(sumOf([0, 1], (x) => [x, x])));
  expect(printGraph(joined)).toMatchInlineSnapshot(`
    "input x float32[2,3]
    input y float32[2,3]
    %0 float32[] = ReduceSumSquare(x) {axes=[0,1] keepdims=0}
    output sum = %0"
  `);
  const session = await ort.InferenceSession.create(serialize(joined), { logSeverityLevel: 3 });
  const x = new ort.Tensor(Float32Array.of(1, -2, 3, 4, -5, 6), [2, 3]);
  const { sum } = await session.run({ x, ...(session.inputNames.includes('y') ? { y: x } : {}) });
  expect(sum?.data[0]).toBe(91);
});

it('keeps products of two arrays, and sums along an axis', () => {
  for (const graph of [sumOf([0, 1], (x, y) => [x, y]), sumOf([0], (x) => [x, x])])
    expect(joinSquareSums(graph)).toBe(graph);
});
