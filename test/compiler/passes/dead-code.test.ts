/** @file Operations whose results nobody uses are removed. */
import { expect, it } from 'vitest';
import type { Graph, Value } from '../../../src/compiler/graph.ts';
import { removeDeadCode } from '../../../src/compiler/passes/dead-code.ts';
import { printGraph } from '../../../src/compiler/print.ts';
import { buildGraph } from '../../support/graphs.ts';

const vector = { shape: [4] };

it('removes chains of operations that lead nowhere, and keeps the inputs', () => {
  const graph = buildGraph({ x: [4], unused: [4] }, (builder, { x }) => {
    const used = builder.emit('Relu', [x as Value], vector);
    builder.emit('Neg', [builder.emit('Exp', [used], vector)], vector);
    return { y: builder.emit('Abs', [used], vector) };
  });
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "input x float32[4]
    input unused float32[4]
    %0 float32[4] = Relu(x)
    %1 float32[4] = Exp(%0)
    %2 float32[4] = Neg(%1)
    %3 float32[4] = Abs(%0)
    output y = %3"
  `);
  expect(printGraph(removeDeadCode(graph))).toMatchInlineSnapshot(`
    "input x float32[4]
    input unused float32[4]
    %0 float32[4] = Relu(x)
    %1 float32[4] = Abs(%0)
    output y = %1"
  `);
});

it('keeps an operation of which one result is used', () => {
  const graph: Graph = buildGraph({ x: [4] }, (builder, { x }) => {
    const values: Value = { shape: [2], type: 'float32' };
    const positions: Value = { shape: [2], type: 'int32' };
    builder.append({ op: 'TopK', inputs: [x as Value], attributes: { k: 2 }, outputs: [values, positions] });
    return { positions };
  });
  expect(removeDeadCode(graph)).toEqual(graph);
});
