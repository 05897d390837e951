/** @file Operations that change nothing are removed. */
import { describe, expect, it } from 'vitest';
import type { GraphBuilder, Value } from '../../../src/compiler/graph.ts';
import { removeDeadCode } from '../../../src/compiler/passes/dead-code.ts';
import { removeNoOps } from '../../../src/compiler/passes/no-ops.ts';
import { printGraph } from '../../../src/compiler/print.ts';
import { buildGraph, scalar } from '../../support/graphs.ts';

type Emit = (builder: GraphBuilder, x: Value) => Value;
const matrix = { shape: [2, 3] };
const graphOf = (emit: Emit) =>
  buildGraph({ x: [2, 3] }, (builder, { x }) => ({ y: emit(builder, x as Value) }));

it('removes a chain of casts, reshapes and transpositions that undo each other', () => {
  const graph = graphOf((builder, x) => {
    const cast = builder.emit('Cast', [x], matrix);
    const flat = builder.emit('Reshape', [cast], { shape: [6] });
    const restored = builder.emit('Reshape', [flat], matrix);
    const turned = builder.emit('Transpose', [restored], { shape: [3, 2] }, { perm: [1, 0] });
    const back = builder.emit('Transpose', [turned], matrix, { perm: [1, 0] });
    return builder.emit('Relu', [builder.emit('Multiply', [back, scalar(builder, 1)], matrix)], matrix);
  });
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "input x float32[2,3]
    %0 float32[2,3] = Cast(x)
    %1 float32[6] = Reshape(%0)
    %2 float32[2,3] = Reshape(%1)
    %3 float32[3,2] = Transpose(%2) {perm=[1,0]}
    %4 float32[2,3] = Transpose(%3) {perm=[1,0]}
    %5 float32[] = Constant(1)
    %6 float32[2,3] = Multiply(%4, %5)
    %7 float32[2,3] = Relu(%6)
    output y = %7"
  `);
  expect(printGraph(removeDeadCode(removeNoOps(graph)))).toMatchInlineSnapshot(`
    "input x float32[2,3]
    %0 float32[2,3] = Relu(x)
    output y = %0"
  `);
});

it('joins transpositions in the right order', () => {
  const graph = buildGraph({ x: [2, 3, 4] }, (builder, { x }) => {
    // [2, 3, 4] → [4, 2, 3] → [2, 4, 3]: axis 0, then 2, then 1 of the source.
    const inner = builder.emit('Transpose', [x as Value], { shape: [4, 2, 3] }, { perm: [2, 0, 1] });
    return { y: builder.emit('Transpose', [inner], { shape: [2, 4, 3] }, { perm: [1, 0, 2] }) };
  });
  expect(printGraph(removeDeadCode(removeNoOps(graph)))).toMatchInlineSnapshot(`
    "input x float32[2,3,4]
    %0 float32[2,4,3] = Transpose(x) {perm=[0,2,1]}
    output y = %0"
  `);
});

const unchanged: readonly [string, Emit][] = [
  ['x + 0', (b, x) => b.emit('Add', [x, scalar(b, 0)], matrix)],
  ['0 + x', (b, x) => b.emit('Add', [scalar(b, 0), x], matrix)],
  ['x − 0', (b, x) => b.emit('Sub', [x, scalar(b, 0)], matrix)],
  ['1 · x', (b, x) => b.emit('Multiply', [scalar(b, 1), x], matrix)],
  ['x / 1', (b, x) => b.emit('RealDiv', [x, scalar(b, 1)], matrix)],
  ['x to the power of 1', (b, x) => b.emit('Pow', [x, scalar(b, 1)], matrix)],
  ['a tile of one', (b, x) => b.emit('Tile', [x], matrix, { reps: [1, 1] })],
  ['a sum over no axes', (b, x) => b.emit('Sum', [x], matrix, { axes: [], keepDims: false })],
];
const changed: readonly [string, Emit][] = [
  ['0 − x', (b, x) => b.emit('Sub', [scalar(b, 0), x], matrix)],
  ['1 / x', (b, x) => b.emit('RealDiv', [scalar(b, 1), x], matrix)],
  ['x + 1', (b, x) => b.emit('Add', [x, scalar(b, 1)], matrix)],
  ['0 · x', (b, x) => b.emit('Multiply', [x, scalar(b, 0)], matrix)],
  [
    'x + 0 of a larger shape',
    (b, x) =>
      b.emit('Add', [x, b.constant(new Float32Array(12), [2, 2, 3], 'float32')], { shape: [2, 2, 3] }),
  ],
  ['a cast to integers', (b, x) => b.emit('Cast', [x], { ...matrix, type: 'int32' })],
  ['a real sum', (b, x) => b.emit('Sum', [x], { shape: [1, 3] }, { axes: [0], keepDims: true })],
];

describe('a single operation', () => {
  it.each(unchanged)('%s is its operand', (_, emit) => {
    const graph = graphOf(emit);
    expect(removeNoOps(graph).outputs[0]?.value).toBe(graph.inputs[0]?.value);
  });

  it.each(changed)('%s stays', (_, emit) => {
    const graph = graphOf(emit);
    expect(removeNoOps(graph)).toEqual(graph);
  });
});
