/** @file What depends on constants only is computed while compiling. */
import { beforeAll, expect, it } from 'vitest';
import type { Graph, Value } from '../../../src/compiler/graph.ts';
import { foldConstants } from '../../../src/compiler/passes/constants.ts';
import { removeDeadCode } from '../../../src/compiler/passes/dead-code.ts';
import { printGraph } from '../../../src/compiler/print.ts';
import { useCpuBackend } from '../../support/cpu-backend.ts';
import { buildGraph, scalar } from '../../support/graphs.ts';

beforeAll(useCpuBackend);

const fold = (graph: Graph): string => printGraph(removeDeadCode(foldConstants(graph)));

it('computes a chain of operations on constants, and nothing that depends on an input', () => {
  const graph = buildGraph({ x: [2] }, (builder, { x }) => {
    const two = builder.emit('Fill', [], { shape: [2] }, { value: 2 });
    const half = builder.emit('RealDiv', [scalar(builder, 1), two], { shape: [2] });
    const shifted = builder.emit('Sub', [half, scalar(builder, 3)], { shape: [2] });
    return { y: builder.emit('Multiply', [x as Value, shifted], { shape: [2] }) };
  });
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "input x float32[2]
    %0 float32[2] = Fill() {value=2}
    %1 float32[] = Constant(1)
    %2 float32[2] = RealDiv(%1, %0)
    %3 float32[] = Constant(3)
    %4 float32[2] = Sub(%2, %3)
    %5 float32[2] = Multiply(x, %4)
    output y = %5"
  `);
  expect(fold(graph)).toMatchInlineSnapshot(`
    "input x float32[2]
    %0 float32[2] = Constant(-2.5, -2.5)
    %1 float32[2] = Multiply(x, %0)
    output y = %1"
  `);
});

it('keeps the element type that an operation promises', () => {
  const graph = buildGraph({}, (builder) => {
    const [negative, half] = [scalar(builder, -1.7), scalar(builder, 0.5)];
    return {
      truncated: builder.emit('Cast', [negative], { shape: [], type: 'int32' }),
      truth: builder.emit('Cast', [half], { shape: [], type: 'bool' }),
      less: builder.emit('Less', [negative, half], { shape: [], type: 'bool' }),
      filled: builder.emit('Fill', [], { shape: [2], type: 'bool' }, { value: 1 }),
      choice: builder.emit('Select', [builder.constant(Uint8Array.of(0), [], 'bool'), negative, half], {
        shape: [],
      }),
    };
  });
  expect(fold(graph)).toMatchInlineSnapshot(`
    "%0 int32[] = Constant(-1)
    %1 bool[] = Constant(1)
    %2 bool[] = Constant(1)
    %3 bool[2] = Constant(1, 1)
    %4 float32[] = Constant(0.5)
    output truncated = %0
    output truth = %1
    output less = %2
    output filled = %3
    output choice = %4"
  `);
});

it('leaves large results to be computed when the program runs', () => {
  const graph = buildGraph({}, (builder) => ({
    y: builder.emit('Fill', [], { shape: [2000] }, { value: 1 }),
  }));
  expect(foldConstants(graph)).toEqual(graph);
});

it('leaves operations of ONNX that tfjs would understand otherwise', () => {
  const graph = buildGraph({}, (builder) => {
    const indices = builder.constant(BigInt64Array.of(1n, 2n), [2], 'int64');
    return {
      tiled: builder.emit('Tile', [scalar(builder, 1)], { shape: [2] }, { repeats: [2] }),
      sum: builder.emit('Add', [indices, indices], { shape: [2], type: 'int64' }),
    };
  });
  expect(foldConstants(graph)).toEqual(graph);
});
