/** @file What is asked for several times is computed once. */
import { expect, it } from 'vitest';
import type { Graph, GraphBuilder, Value } from '../../../src/compiler/graph.ts';
import { shareCommonSubexpressions } from '../../../src/compiler/passes/common-subexpressions.ts';
import { printGraph } from '../../../src/compiler/print.ts';
import { buildGraph, scalar } from '../../support/graphs.ts';

const vector = { shape: [4] };

it('shares equal operations on equal values, constants included', () => {
  const graph = buildGraph({ x: [4] }, (builder, { x }) => {
    const scaled = () =>
      builder.emit('Exp', [builder.emit('Multiply', [x as Value, scalar(builder, 2)], vector)], vector);
    return { sum: builder.emit('Add', [scaled(), scaled()], vector) };
  });
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "input x float32[4]
    %0 float32[] = Constant(2)
    %1 float32[4] = Multiply(x, %0)
    %2 float32[4] = Exp(%1)
    %3 float32[] = Constant(2)
    %4 float32[4] = Multiply(x, %3)
    %5 float32[4] = Exp(%4)
    %6 float32[4] = Add(%2, %5)
    output sum = %6"
  `);
  expect(printGraph(shareCommonSubexpressions(graph))).toMatchInlineSnapshot(`
    "input x float32[4]
    %0 float32[] = Constant(2)
    %1 float32[4] = Multiply(x, %0)
    %2 float32[4] = Exp(%1)
    %3 float32[4] = Add(%2, %2)
    output sum = %3"
  `);
});

it('shares operations of several results as a whole', () => {
  const graph = buildGraph({ x: [4] }, (builder, { x }) => {
    const select = () => {
      const outputs: Value[] = [
        { shape: [2], type: 'float32' },
        { shape: [2], type: 'int32' },
      ];
      builder.append({ op: 'TopK', inputs: [x as Value], attributes: { k: 2 }, outputs });
      return outputs as [Value, Value];
    };
    return { values: select()[0], positions: select()[1] };
  });
  expect(printGraph(shareCommonSubexpressions(graph))).toMatchInlineSnapshot(`
    "input x float32[4]
    %0 float32[2], %1 int32[2] = TopK(x) {k=2}
    output values = %0
    output positions = %1"
  `);
});

it.each<[string, (builder: GraphBuilder, x: Value) => readonly [Value, Value]]>([
  [
    'order of operands',
    (b, x) => [b.emit('Sub', [x, scalar(b, 1)], vector), b.emit('Sub', [scalar(b, 1), x], vector)],
  ],
  [
    'attribute',
    (b, x) => [b.emit('Step', [x], vector, { alpha: 0 }), b.emit('Step', [x], vector, { alpha: 1 })],
  ],
  [
    'attribute that is not finite',
    (b) => [
      b.emit('Fill', [], vector, { value: Number.POSITIVE_INFINITY }),
      b.emit('Fill', [], vector, { value: Number.NEGATIVE_INFINITY }),
    ],
  ],
  [
    'sign of zero',
    (b) => [b.emit('Fill', [], vector, { value: 0 }), b.emit('Fill', [], vector, { value: -0 })],
  ],
  [
    'type of result',
    (b, x) => [
      b.emit('Cast', [x], { shape: [4], type: 'int32' }),
      b.emit('Cast', [x], { shape: [4], type: 'bool' }),
    ],
  ],
  [
    'shape of result',
    (b, x) => [b.emit('Reshape', [x], { shape: [2, 2] }), b.emit('Reshape', [x], { shape: [1, 4] })],
  ],
  ['operator set', (b, x) => [b.emit('Relu', [x], vector), b.emitIn('com.microsoft', 'Relu', [x], vector)]],
])('keeps operations apart that differ in %s', (_, emit) => {
  const graph: Graph = buildGraph({ x: [4] }, (builder, { x }) => {
    const [a, b] = emit(builder, x as Value);
    return { a, b };
  });
  const [a, b] = shareCommonSubexpressions(graph).outputs;
  expect(a?.value).not.toBe(b?.value);
});
