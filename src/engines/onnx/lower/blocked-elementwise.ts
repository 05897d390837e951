/** @file Lowering of elementwise operations and reductions on blocked images. */

import { sizeOf } from '../../../arrays.ts';
import type { Attributes, NoAttributes, Operation, OperationOf, Value } from '../../../compiler/graph.ts';
import type { ReductionAttributes } from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';
import type { OnnxOperator } from '../operators.ts';
import { blockedShape, emitBlocked } from './blocked.ts';
import { channelAffine, STEEPEST } from './channel-affine.ts';
import type { Lowering } from './lowering.ts';

/**
 * Computes lowered operands into a lowered result of the same layout; `result` has its shape and type, and the operation the
 * attributes `A`.
 */
export type Formula<A extends Attributes = NoAttributes> = (
  operands: readonly Value[],
  result: Value,
  context: Lowering,
  operation: OperationOf<string, A>,
) => Value;

/**
 * Runs a formula on blocked images if an operand is blocked already. Operands with one number for each channel make it
 * an affine map of the channels; other shapes that broadcast are left to the other layouts.
 */
export function elementwiseBlocked<A extends Attributes>(
  operation: OperationOf<string, A>,
  context: Lowering,
  formula: Formula<A>,
): boolean {
  const output = at(operation.outputs, 0);
  const { inputs } = operation;
  const applies = context.canBlock(output) && inputs.some((input) => context.hasBlocked(input));
  if (!applies) return false;
  const result = { shape: blockedShape(output), type: output.type };
  if (inputs.every((input) => isImages(input, output) || sizeOf(input.shape) === 1)) {
    const operands = inputs.map((input) =>
      isImages(input, output) ? context.blocked(input) : context.reshape(context.plain(input), []),
    );
    context.setBlocked(output, formula(operands, result, context, operation));
    return true;
  }
  return affineOfChannels(operation, context);
}

function isImages(value: Value, output: Value): boolean {
  return value.type === 'float32' && value.shape.join() === output.shape.join();
}

/** Images and one number a channel, added, subtracted or multiplied. */
function affineOfChannels({ op, inputs, outputs }: Operation, context: Lowering): boolean {
  const output = at(outputs, 0);
  const channels = at(output.shape, 3);
  const images = inputs.findIndex((input) => isImages(input, output));
  const vector = inputs[1 - images];
  const fits =
    inputs.length === 2 && images >= 0 && vector !== undefined && sizeOf(vector.shape) === channels;
  if (!fits || vector.shape.at(-1) !== channels) return false;
  const numbers = context.reshape(context.plain(vector), [channels]);
  const negative = (): Value => context.builder.emit('Neg', [numbers], { shape: [channels] });
  const x = context.blocked(at(inputs, images));
  switch (op) {
    case 'Multiply':
      context.setBlocked(output, channelAffine(x, { scale: numbers }, context));
      return true;
    case 'Add':
      context.setBlocked(output, channelAffine(x, { shift: numbers }, context));
      return true;
    case 'Sub': {
      const minusOne = (): Value =>
        context.builder.constant(new Float32Array(channels).fill(-1), [channels], 'float32');
      const map = images === 0 ? { shift: negative() } : { scale: minusOne(), shift: numbers };
      context.setBlocked(output, channelAffine(x, map, context));
      return true;
    }
    default:
      return false;
  }
}

/** 1 where x > 0, else 0, in one pass; numbers below the normal range of float32 come out in between. */
export function steepStep(x: Value, shape: readonly number[], { builder }: Lowering): Value {
  return builder.emit('HardSigmoid', [x], { shape }, { alpha: STEEPEST, beta: 0 });
}

/**
 * Means and sums over height and width, and over the batch as well if asked for: the first by the pooling of whole
 * images, whose results are few.
 */
export function reduceBlocked(
  { inputs, outputs, attributes }: OperationOf<string, ReductionAttributes>,
  op: OnnxOperator,
  context: Lowering,
): boolean {
  const [x, output] = [at(inputs, 0), at(outputs, 0)];
  const axes = attributes.axes.join();
  const isKnown = (op === 'ReduceMean' || op === 'ReduceSum') && (axes === '1,2' || axes === '0,1,2');
  if (!isKnown || output.type !== 'float32' || !context.canBlock(x) || !context.hasBlocked(x)) return false;
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  const pooled = emitBlocked(context, 'GlobalAveragePool', [context.blocked(x)], [batch, channels, 1, 1]);
  const means = context.reshape(pooled, [batch, channels]);
  const { builder } = context;
  const overBatch = axes === '0,1,2';
  const mean = overBatch
    ? builder.emit('ReduceMean', [means], { shape: [channels] }, { axes: [0], keepdims: 0 })
    : means;
  const count = height * width * (overBatch ? batch : 1);
  const reduced =
    op === 'ReduceMean' ? mean : builder.emit('Mul', [mean, context.scalar(count)], { shape: mean.shape });
  context.set(output, context.reshape(reduced, output.shape));
  return true;
}
