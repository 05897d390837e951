/** @file Means of products of images for each channel, as in batch normalisation and its gradient, in one pass over them. */
import type { Value } from '../../../compiler/graph.ts';
import { rewriteJoining, type Uses } from '../../../compiler/passes/uses.ts';
import { at } from '../../../lookup.ts';
import { BLOCKED } from '../lower/lowering.ts';
import type { OnnxBuilder, OnnxGraph, OnnxOperation, OnnxOperator } from '../operators.ts';

/**
 * Over a lowered graph. The product of two images, summed over height and width, is what a convolution of each channel by
 * itself yields whose filter is as large as the image: without an array of products. The mean over the batch then
 * divides by all that was summed.
 */
export function joinChannelProducts(graph: OnnxGraph): OnnxGraph {
  return rewriteJoining(graph, (operation, builder, uses) => {
    if (operation.op !== 'ReduceMean') return undefined;
    const { axes, keepdims } = operation.attributes;
    const isOverBatch = axes.join() === '0' && keepdims === 0;
    const factors = isOverBatch ? factorsOf(at(operation.inputs, 0), builder, uses) : undefined;
    return factors && meanOfProducts(factors, at(operation.outputs, 0), builder);
  });
}

type Factors = readonly [images: Value, images: Value];

/** What was multiplied, if a matrix `[batch, channels]` holds the means of a product of blocked images. */
function factorsOf(means: Value, builder: OnnxBuilder, uses: Uses): Factors | undefined {
  const producerOf = (value: Value | undefined, op: OnnxOperator): OnnxOperation | undefined => {
    const producer = value && uses.of(value) === 1 ? builder.producerOf(value) : undefined;
    return producer?.op === op ? producer : undefined;
  };
  const matrix = producerOf(means, 'Reshape');
  const pooled = producerOf(matrix?.inputs[0], 'GlobalAveragePool');
  const product = pooled?.domain === BLOCKED ? producerOf(pooled.inputs[0], 'Mul') : undefined;
  const [a, b] = product?.inputs ?? [];
  return a && b && a.shape.length === 4 && a.shape.join() === b.shape.join() ? [a, b] : undefined;
}

function meanOfProducts([images, others]: Factors, mean: Value, builder: OnnxBuilder): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = images.shape;
  const reshape = (value: Value, shape: readonly number[]): Value =>
    builder.emit('Reshape', [value], { shape });
  const count = batch * channels;
  const operands = [
    reshape(images, [1, count, height, width]),
    // Filters of single channels lie in blocks as images do.
    reshape(others, [count, 1, height, width]),
  ];
  const attributes = { group: count, kernel_shape: [height, width] };
  const sums = builder.emitIn(BLOCKED, 'Conv', operands, { shape: [1, count, 1, 1] }, attributes);
  const weights = new Float32Array(batch).fill(1 / (batch * height * width));
  const overBatch = [builder.constant(weights, [1, batch], 'float32'), reshape(sums, [batch, channels])];
  return reshape(builder.emit('MatMul', overBatch, { shape: [1, channels] }), mean.shape);
}
