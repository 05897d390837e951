/** @file Lets convolutions add biases, and blocked ones add images to their result, rescale and activate it. */
import type { Value } from '../../../compiler/graph.ts';
import { rewriteJoining, type Uses } from '../../../compiler/passes/uses.ts';
import { activationAttributes, affineOf } from '../lower/channel-affine.ts';
import { BLOCKED } from '../lower/lowering.ts';
import type { OnnxBuilder, OnnxCall, OnnxGraph, OnnxOperation } from '../operators.ts';

export function joinConvolutionEpilogues(graph: OnnxGraph): OnnxGraph {
  return rewriteJoining(graph, join);
}

function join(operation: OnnxOperation, builder: OnnxBuilder, uses: Uses): Value | undefined {
  const [a, b] = operation.inputs;
  if (operation.op === 'Add' && a && b) {
    return (
      addTo(a, b, builder, uses) ??
      addTo(b, a, builder, uses) ??
      addBias(a, b, builder, uses) ??
      addBias(b, a, builder, uses)
    );
  }
  return affineAfter(operation, builder, uses);
}

/** A convolution of two operands, whose result is used once. */
function bareConvolution(
  value: Value,
  builder: OnnxBuilder,
  uses: Uses,
  domain?: string,
): OnnxCall<'Conv'> | undefined {
  const operation = builder.producerOf(value);
  if (operation?.op !== 'Conv' || operation.domain !== domain || operation.inputs.length !== 2)
    return undefined;
  return uses.of(value) === 1 ? operation : undefined;
}

/** Takes the addition of one number per filter, a bias, into the convolution. For images with channels first. */
function addBias(result: Value, other: Value, builder: OnnxBuilder, uses: Uses): Value | undefined {
  const convolution = bareConvolution(result, builder, uses);
  const filters = result.shape[1] ?? 1;
  if (convolution === undefined || other.shape.join() !== [1, filters, 1, 1].join()) return undefined;
  const bias = builder.emit('Reshape', [other], { shape: [filters] });
  return builder.emit('Conv', [...convolution.inputs, bias], result, convolution.attributes);
}

/** Takes the addition of other images, a shortcut, into the convolution. For images in blocks. */
function addTo(result: Value, other: Value, builder: OnnxBuilder, uses: Uses): Value | undefined {
  const convolution = bareConvolution(result, builder, uses, BLOCKED);
  if (convolution === undefined || result.shape.join() !== other.shape.join()) return undefined;
  const filters = result.shape[1] ?? 1;
  const bias = builder.constant(new Float32Array(filters), [filters], 'float32');
  const inputs = [...convolution.inputs, bias, other];
  return builder.emitIn(BLOCKED, 'Conv', inputs, result, convolution.attributes);
}

/**
 * Takes an affine map of the channels into the convolution before it: s · conv(x, w) + t = conv(x, s · w) + t. In evaluation, batch
 * normalisation behind a convolution is such a map.
 */
function affineAfter(operation: OnnxOperation, builder: OnnxBuilder, uses: Uses): Value | undefined {
  const affine = affineOf(operation);
  const convolution = affine && bareConvolution(affine.x, builder, uses, BLOCKED);
  const [images, filter] = convolution?.inputs ?? [];
  if (affine === undefined || convolution === undefined || images === undefined || filter === undefined)
    return undefined;
  const block = blockOf(filter, builder);
  if (block === undefined) return undefined;
  const [filters = 1, ...rest] = filter.shape;
  const rows = rest.reduce((product, extent) => product * extent, 1);
  const split = builder.emit('Reshape', [filter], { shape: [filters / block, rows, block] });
  const scale = builder.emit('Reshape', [affine.scale], { shape: [filters / block, 1, block] });
  const scaled = builder.emit('Mul', [split, scale], { shape: split.shape });
  const weights = builder.emit('Reshape', [scaled], { shape: filter.shape });
  const { residual, activation } = affine;
  const inputs = [images, weights, affine.shift, ...(residual === undefined ? [] : [residual])];
  const attributes = { ...convolution.attributes, ...activationAttributes(activation) };
  return builder.emitIn(BLOCKED, 'Conv', inputs, { shape: affine.x.shape }, attributes);
}

/**
 * The number of filters in a block of a blocked filter bank. The lowering ends with a reshape that gives the bank its plain shape; the
 * last axis before that reshape is the block.
 */
function blockOf(filter: Value, builder: OnnxBuilder): number | undefined {
  const reshape = builder.producerOf(filter);
  return reshape?.op === 'Reshape' ? reshape.inputs[0]?.shape.at(-1) : undefined;
}
