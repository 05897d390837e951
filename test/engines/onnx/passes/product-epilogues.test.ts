/** @file Matrix products add multiples of other matrices to their results. */
import { expect, it } from 'vitest';
import type { Value } from '../../../../src/compiler/graph.ts';
import { simplify } from '../../../../src/compiler/passes/simplify.ts';
import { printGraph } from '../../../../src/compiler/print.ts';
import type { OnnxBuilder } from '../../../../src/engines/onnx/operators.ts';
import { joinProductEpilogues } from '../../../../src/engines/onnx/passes/product-epilogues.ts';
import { ort } from '../../../../src/engines/onnx/runtime.ts';
import { serialize } from '../../../../src/engines/onnx/serialize.ts';
import { buildOnnxGraph, scalar } from '../../../support/graphs.ts';

const inputs = { x: [5, 3], dy: [5, 2], w: [3, 2], factor: [] };
type Inputs = Readonly<Record<keyof typeof inputs, Value>>;
type Emit = (builder: OnnxBuilder, values: Inputs) => Readonly<Record<string, Value>>;

const graphOf = (emit: Emit) => buildOnnxGraph(inputs, (builder, values) => emit(builder, values as Inputs));
const like = { shape: [3, 2] };
const gradient = (builder: OnnxBuilder, { x, dy }: Inputs): Value =>
  builder.emit('Gemm', [x, dy], like, { transA: 1, transB: 0 });
const decayed: Emit = (builder, values) => {
  const decay = builder.emit('Mul', [values.w, scalar(builder, 0.5)], like);
  return { y: builder.emit('Add', [gradient(builder, values), decay], like) };
};

it('adds the decay of a weight to its gradient', () => {
  expect(printGraph(simplify(joinProductEpilogues(graphOf(decayed))))).toMatchInlineSnapshot(`
    "input x float32[5,3]
    input dy float32[5,2]
    input w float32[3,2]
    input factor float32[]
    %0 float32[3,2] = Gemm(x, dy, w) {transA=1 transB=0 beta=0.5}
    output y = %0"
  `);
});

it('computes the same', async () => {
  const run = async (graph: ReturnType<typeof graphOf>): Promise<number[]> => {
    const session = await ort.InferenceSession.create(serialize(graph), { logSeverityLevel: 3 });
    const arrays = Object.entries(inputs).map(([name, shape], input) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      return [
        name,
        new ort.Tensor(
          Float32Array.from({ length: size }, (_, i) => i - 2 * input),
          shape,
        ),
      ] as const;
    });
    const taken = arrays.filter(([name]) => session.inputNames.includes(name));
    const { y } = await session.run(Object.fromEntries(taken));
    return Array.from(y?.data as Float32Array);
  };
  const graph = graphOf(decayed);
  // xᵀ·dy + w / 2 by hand, for x = 0, 1, 2 …, dy = -2, -1, 0 …, w = -4, -3, -2 …
  const expected = [0, 1, 2].flatMap((row) =>
    [0, 1].map((column) => {
      const products = [0, 1, 2, 3, 4].map((k) => (3 * k + row) * (2 * k + column - 2));
      return products.reduce((sum, product) => sum + product, 0) + (2 * row + column - 4) / 2;
    }),
  );
  expect(await run(graph)).toEqual(expected);
  expect(await run(joinProductEpilogues(graph))).toEqual(expected);
});

it('keeps what is used twice, and factors that only the run knows', () => {
  const twice = graphOf((builder, values) => {
    const product = gradient(builder, values);
    const decay = builder.emit('Mul', [values.w, scalar(builder, 0.5)], like);
    return { product, y: builder.emit('Add', [product, decay], like) };
  });
  expect(joinProductEpilogues(twice)).toBe(twice);
  const unknown = graphOf((builder, values) => {
    const decay = builder.emit('Mul', [values.w, values.factor], like);
    return { y: builder.emit('Add', [gradient(builder, values), decay], like) };
  });
  expect(joinProductEpilogues(unknown)).toBe(unknown);
});
