/** @file Pools of a forward pass alone go without positions, and stay among blocked images. */
import { expect, it } from 'vitest';
import type { Value } from '../../../../src/compiler/graph.ts';
import { simplify } from '../../../../src/compiler/passes/simplify.ts';
import { printGraph } from '../../../../src/compiler/print.ts';
import type { OnnxBuilder, OnnxGraph } from '../../../../src/engines/onnx/operators.ts';
import { simplifyForwardPools } from '../../../../src/engines/onnx/passes/forward-pools.ts';
import { ort } from '../../../../src/engines/onnx/runtime.ts';
import { serialize } from '../../../../src/engines/onnx/serialize.ts';
import { buildOnnxGraph } from '../../../support/graphs.ts';

const IMAGES = [2, 16, 7, 7];
const POOLED = [2, 16, 3, 3];
const BLOCKED = 'com.microsoft.nchwc';

function pool(builder: OnnxBuilder, x: Value): [Value, Value] {
  const outputs: [Value, Value] = [
    { shape: POOLED, type: 'float32' },
    { shape: POOLED, type: 'int64' },
  ];
  const attributes = { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 0, 0] };
  builder.append({ op: 'MaxPool', inputs: [x], attributes, outputs });
  return outputs;
}
const reorder = (builder: OnnxBuilder, op: 'ReorderInput' | 'ReorderOutput', x: Value): Value =>
  op === 'ReorderInput'
    ? builder.emitIn(BLOCKED, op, [x], x, { channels_last: 0 })
    : builder.emitIn(BLOCKED, op, [x], x, { channels: 16, channels_last: 0 });

/** A pool between blocked images, as the lowering writes it. */
const between: OnnxGraph = buildOnnxGraph({ x: IMAGES }, (builder, { x }) => {
  const plain = reorder(builder, 'ReorderOutput', reorder(builder, 'ReorderInput', x as Value));
  const [maxima] = pool(builder, plain);
  const again = reorder(builder, 'ReorderInput', maxima);
  return { y: reorder(builder, 'ReorderOutput', builder.emit('Relu', [again], again)) };
});

it('lets blocked images stay in blocks', () => {
  expect(printGraph(simplify(simplifyForwardPools(between)))).toMatchInlineSnapshot(`
    "input x float32[2,16,7,7]
    %0 float32[2,16,7,7] = com.microsoft.nchwc.ReorderInput(x) {channels_last=0}
    %1 float32[2,16,3,3] = com.microsoft.nchwc.MaxPool(%0) {kernel_shape=[3,3] strides=[2,2] pads=[0,0,0,0]}
    %2 float32[2,16,3,3] = Relu(%1)
    %3 float32[2,16,3,3] = com.microsoft.nchwc.ReorderOutput(%2) {channels=16 channels_last=0}
    output y = %3"
  `);
});

it('finds the same maxima', async () => {
  const x = Float32Array.from({ length: 2 * 16 * 49 }, (_, index) => Math.sin(index * 1.7) * 5);
  const run = async (graph: OnnxGraph): Promise<number[]> => {
    const session = await ort.InferenceSession.create(serialize(graph), { logSeverityLevel: 3 });
    const { y } = await session.run({ x: new ort.Tensor(x, IMAGES) });
    return Array.from(y?.data as Float32Array);
  };
  const actual = await run(simplify(simplifyForwardPools(between)));
  expect(actual).toEqual(await run(between));
  const window = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => x[7 * row + column] as number));
  expect(actual[0]).toBe(Math.max(0, ...window));
});

it('drops positions that nobody asks for, and keeps those that a gradient needs', () => {
  const graphWith = (wantsPositions: boolean): OnnxGraph =>
    buildOnnxGraph({ x: IMAGES }, (builder, { x }) => {
      const [y, positions] = pool(builder, x as Value);
      return wantsPositions ? { y, positions } : { y };
    });
  expect(simplifyForwardPools(graphWith(true)).operations[0]?.outputs).toHaveLength(2);
  expect(simplifyForwardPools(graphWith(false)).operations[0]?.outputs).toHaveLength(1);
});
