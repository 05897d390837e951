/** @file What no layer has gone into stands first in the model, and so is computed last. */
import { expect, it } from 'vitest';
import { type Graph, printGraph, type Value } from '../../../../src/engines/onnx/graph.ts';
import { makeWeightsLate } from '../../../../src/engines/onnx/passes/late-weights.ts';
import { ort } from '../../../../src/engines/onnx/runtime.ts';
import { serialize } from '../../../../src/engines/onnx/serialize.ts';
import { buildGraph } from '../../../support/graphs.ts';

const shape = [2, 2];

/** Two layers as a step is traced: each weight is made ready where its layer stands. */
const twoLayers = (): Graph =>
  buildGraph({ x: shape, first: shape, second: shape }, (builder, { x, first, second }) => {
    const like = { shape };
    const magnitudes = builder.emit('Abs', [first as Value], like);
    const hidden = builder.emit('Gemm', [x as Value, magnitudes], like, { transA: 0, transB: 0 });
    const active = builder.emit('Relu', [hidden], like);
    const negative = builder.emit('Neg', [second as Value], like);
    return { y: builder.emit('Gemm', [active, negative], like, { transA: 0, transB: 1 }) };
  });

it('puts what is made of weights before the first layer', () => {
  expect(printGraph(makeWeightsLate(twoLayers()))).toMatchInlineSnapshot(`
    "input x float32[2,2]
    input first float32[2,2]
    input second float32[2,2]
    %0 float32[2,2] = Abs(first)
    %1 float32[2,2] = Neg(second)
    %2 float32[2,2] = Gemm(x, %0) {transA=0 transB=0}
    %3 float32[2,2] = Relu(%2)
    %4 float32[2,2] = Gemm(%3, %1) {transA=0 transB=1}
    output y = %4"
  `);
});

it('computes the same', async () => {
  const run = async (graph: Graph) => {
    const session = await ort.InferenceSession.create(serialize(graph), { logSeverityLevel: 3 });
    const tensor = (...numbers: number[]) => new ort.Tensor('float32', numbers, shape);
    const { y } = await session.run({
      x: tensor(1, 2, -3, -4),
      first: tensor(-1, 0.5, 2, -3),
      second: tensor(1, 0, -2, 5),
    });
    return Array.from(y?.data as Float32Array);
  };
  // Hidden by hand: [1, 2; −3, −4] · [1, 0.5; 2, 3] = [5, 6.5; −11, −13.5], of which ReLU keeps the first row.
  expect(await run(twoLayers())).toEqual([-5, 10 - 32.5, 0, 0].map((value) => value || expect.closeTo(0)));
  expect(await run(makeWeightsLate(twoLayers()))).toEqual(await run(twoLayers()));
});

it('leaves a graph that already is so', () => {
  const sorted = makeWeightsLate(twoLayers());
  expect(makeWeightsLate(sorted)).toBe(sorted);
});
