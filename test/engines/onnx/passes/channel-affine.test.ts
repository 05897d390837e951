/** @file Affine maps of channels take sums, activations and one another into a single pass over the images. */
import { expect, it } from 'vitest';
import type { Value } from '../../../../src/compiler/graph.ts';
import { printGraph } from '../../../../src/compiler/print.ts';
import { emitAffine, expandAffines } from '../../../../src/engines/onnx/lower/channel-affine.ts';
import type { OnnxBuilder } from '../../../../src/engines/onnx/operators.ts';
import { joinAffines } from '../../../../src/engines/onnx/passes/channel-affine.ts';
import { joinConvolutionEpilogues } from '../../../../src/engines/onnx/passes/convolution-epilogues.ts';
import { optimize } from '../../../../src/engines/onnx/passes/simplify.ts';
import { buildOnnxGraph } from '../../../support/graphs.ts';

const IMAGES = [2, 16, 3, 3];
const inputs = {
  x: IMAGES,
  other: IMAGES,
  scale: [16],
  shift: [16],
  factor: [16],
  filter: [1, 1, 9, 16, 16],
};
type Inputs = Readonly<Record<keyof typeof inputs, Value>>;
type Emit = (builder: OnnxBuilder, values: Inputs) => Readonly<Record<string, Value>>;

const graphOf = (emit: Emit) => buildOnnxGraph(inputs, (builder, values) => emit(builder, values as Inputs));
const like = { shape: IMAGES };
const ones = (builder: OnnxBuilder) => builder.constant(new Float32Array(16).fill(1), [16], 'float32');
const textOf = (emit: Emit): string =>
  printGraph(optimize(graphOf(emit)))
    .split('\n')
    .filter((line) => !line.startsWith('input'))
    .join('\n');

it('composes maps, subtracts them from images and activates them', () => {
  const text = textOf((builder, { x, other, scale, shift, factor }) => {
    const inner = emitAffine({ x, scale, shift }, builder);
    const outer = emitAffine({ x: inner, scale: factor, shift }, builder);
    return { y: builder.emit('Sub', [other, outer], like) };
  });
  expect(text).toMatchInlineSnapshot(`
    "%0 float32[16] = Mul(scale, factor)
    %1 float32[16] = Mul(shift, factor)
    %2 float32[16] = Add(%1, shift)
    %3 float32[16] = Neg(%0)
    %4 float32[16] = Neg(%2)
    %5 float32[16,1,1,1] = Reshape(%3)
    %6 float32[2,16,3,3] = com.microsoft.nchwc.Conv(x, %5, %4, other) {group=16 kernel_shape=[1,1]}
    output y = %6"
  `);
});

it('computes a map that only activations use once for each of them', () => {
  const text = textOf((builder, { x, scale, shift }) => {
    const map = emitAffine({ x, scale, shift }, builder);
    const steep = { alpha: 3e38, beta: 0 };
    return { y: builder.emit('Relu', [map], like), step: builder.emit('HardSigmoid', [map], like, steep) };
  });
  expect(text).toMatchInlineSnapshot(`
    "%0 float32[16,1,1,1] = Reshape(scale)
    %1 float32[2,16,3,3] = com.microsoft.nchwc.Conv(x, %0, shift) {group=16 kernel_shape=[1,1] activation=Relu}
    %2 float32[2,16,3,3] = com.microsoft.nchwc.Conv(x, %0, shift) {group=16 kernel_shape=[1,1] activation=HardSigmoid activation_params=[3e+38,0]}
    output y = %1
    output step = %2"
  `);
});

it('keeps a map that something else uses, and a factor behind a sum', () => {
  const graph = graphOf((builder, { x, other, scale, shift, factor }) => {
    const map = emitAffine({ x, scale, shift }, builder);
    const sum = emitAffine({ x, scale, shift, residual: other }, builder);
    return {
      map,
      y: builder.emit('Add', [map, other], like),
      z: emitAffine({ x: sum, scale: factor, shift }, builder),
    };
  });
  expect(joinAffines(graph)).toBe(graph);
});

it('moves a map by a constant through a sum', () => {
  const text = textOf((builder, { x, other, scale, shift, factor }) => {
    const sum = emitAffine({ x, scale, shift, residual: other }, builder);
    return { y: emitAffine({ x: sum, scale: ones(builder), shift: factor }, builder) };
  });
  expect(text).toMatchInlineSnapshot(`
    "%0 float32[16] = Add(shift, factor)
    %1 float32[16,1,1,1] = Reshape(scale)
    %2 float32[2,16,3,3] = com.microsoft.nchwc.Conv(x, %1, %0, other) {group=16 kernel_shape=[1,1]}
    output y = %2"
  `);
});

it('adds images inside a convolution, and rescales its filters instead of its result', () => {
  const convolve = (builder: OnnxBuilder, x: Value, filter: Value): Value => {
    const bank = builder.emit('Reshape', [filter], { shape: [16, 16, 3, 3] });
    const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
    return builder.emitIn('com.microsoft.nchwc', 'Conv', [x, bank], like, attributes);
  };
  const text = textOf((builder, { x, other, filter, scale, shift }) => {
    const [first, second] = [convolve(builder, x, filter), convolve(builder, other, filter)];
    const map = emitAffine({ x: second, scale, shift }, builder);
    return { sum: builder.emit('Add', [other, first], like), y: builder.emit('Relu', [map], like) };
  });
  expect(text).toMatchInlineSnapshot(`
    "%0 float32[16,16,3,3] = Reshape(filter)
    %1 float32[16] = Constant(0, 0, 0, 0, …)
    %2 float32[2,16,3,3] = com.microsoft.nchwc.Conv(x, %0, %1, other) {kernel_shape=[3,3] pads=[1,1,1,1]}
    %3 float32[1,144,16] = Reshape(filter)
    %4 float32[1,1,16] = Reshape(scale)
    %5 float32[1,144,16] = Mul(%3, %4)
    %6 float32[16,16,3,3] = Reshape(%5)
    %7 float32[2,16,3,3] = com.microsoft.nchwc.Conv(other, %6, shift) {kernel_shape=[3,3] pads=[1,1,1,1] activation=Relu}
    output sum = %2
    output y = %7"
  `);
});

it('leaves graphs without convolutions and maps as they are', () => {
  const graph = graphOf((builder, { x, other }) => ({ y: builder.emit('Add', [x, other], like) }));
  expect(joinAffines(graph)).toBe(graph);
  expect(joinConvolutionEpilogues(graph)).toBe(graph);
  expect(printGraph(expandAffines(graph))).toBe(printGraph(graph));
});
