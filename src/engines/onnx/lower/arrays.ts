/** @file Lowering of kernels that make, move, cut, join or reduce arrays. */

import { sizeOf } from '../../../arrays.ts';
import type { Attributes, NoAttributes, Operation, OperationOf, Value } from '../../../compiler/graph.ts';
import type { AxisAttributes, ReductionAttributes, TfjsKernels } from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';
import { reduceBlocked } from './blocked-elementwise.ts';
import type { Lowering, LoweringRule, LoweringRules } from './lowering.ts';

type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin';

/** Position of each axis of `[batch, height, width, channels]` when channels come first. */
const AXIS_WITH_CHANNELS_FIRST = [0, 2, 3, 1];

/**
 * Reduces in the layout at hand. Without kept dimensions the result must come out in tfjs' order, which it does as long
 * as channels and a spatial axis are not both left.
 */
function reduction(op: Reduction): LoweringRule<ReductionAttributes> {
  return (operation, context) => {
    const [input, output] = [at(operation.inputs, 0), at(operation.outputs, 0)];
    const { axes, keepDims } = operation.attributes;
    if (reduceBlocked(operation, op, context) || sumRows(operation, op, context)) return;
    if (axes.length === 0) {
      // Without axes ONNX would reduce all of them.
      context.set(output, context.cast(context.plain(input), output.type));
      return;
    }
    const left = [0, 1, 2, 3].filter((axis) => !axes.includes(axis));
    const ordered = !(left.includes(3) && (left.includes(1) || left.includes(2)));
    if (input.shape.length !== 4 || !context.hasChannelsFirst(input) || !(keepDims || ordered)) {
      const plain = context.cast(context.plain(input), output.type);
      context.set(output, context.like(operation, op, [plain], { axes, keepdims: keepDims ? 1 : 0 }));
      return;
    }
    const moved = axes.map((axis) => at(AXIS_WITH_CHANNELS_FIRST, axis)).sort((a, b) => a - b);
    const [batch = 1, height = 1, width = 1, channels = 1] = output.shape;
    const shape = keepDims ? [batch, channels, height, width] : output.shape;
    const operand = context.cast(context.channelsFirst(input), output.type);
    const reduced = context.builder.emit(
      op,
      [operand],
      { shape, type: output.type },
      { axes: moved, keepdims: keepDims ? 1 : 0 },
    );
    if (keepDims) context.setChannelsFirst(output, reduced);
    else context.set(output, reduced);
  };
}

/**
 * The sum over the rows of a matrix, as in the gradient of a bias: a product with ones takes a tenth of the time that
 * onnxruntime's reduction does, which runs along the other axis.
 */
function sumRows(
  { inputs, outputs, attributes }: OperationOf<string, ReductionAttributes>,
  op: Reduction,
  context: Lowering,
): boolean {
  const [input, output] = [at(inputs, 0), at(outputs, 0)];
  const [rows = 0, columns = 0] = input.shape;
  const isSum = op === 'ReduceSum' && attributes.axes.join() === '0';
  if (!isSum || input.shape.length !== 2 || rows < 2 || input.type !== 'float32') return false;
  const ones = context.builder.constant(new Float32Array(rows).fill(1), [1, rows], 'float32');
  const sum = context.builder.emit('MatMul', [ones, context.plain(input)], { shape: [1, columns] });
  context.set(output, context.reshape(sum, output.shape));
  return true;
}

/** ONNX counts positions in 64 bits, tfjs in 32. */
function argument(op: 'ArgMax' | 'ArgMin'): LoweringRule<AxisAttributes> {
  return (operation, context) => {
    const output = at(operation.outputs, 0);
    const { axis } = operation.attributes;
    const operand = context.plain(at(operation.inputs, 0));
    const position = context.builder.emit(
      op,
      [operand],
      { shape: output.shape, type: 'int64' },
      { axis, keepdims: 0 },
    );
    context.set(output, context.cast(position, output.type));
  };
}

/** On operands as tfjs lays them out. */
function onPlain<A extends Attributes = NoAttributes>(
  formula: (operation: OperationOf<string, A>, operands: readonly Value[], context: Lowering) => Value,
): LoweringRule<A> {
  return (operation, context) => {
    const operands = operation.inputs.map((input) => context.plain(input));
    context.set(at(operation.outputs, 0), formula(operation, operands, context));
  };
}

const reshape = onPlain((operation, operands, context) =>
  context.reshape(at(operands, 0), at(operation.outputs, 0).shape),
);

/** A repeated number: one scalar, expanded when the program runs. */
function repeated<A extends Attributes = NoAttributes>(numberOf: (attributes: A) => number): LoweringRule<A> {
  return (operation, context) => {
    const output = at(operation.outputs, 0);
    const scalar = context.scalar(numberOf(operation.attributes), output.type);
    context.set(output, context.builder.emit('Expand', [scalar], output));
  };
}

const slice = onPlain<TfjsKernels['Slice']>((operation, operands, context) => {
  const { begin: starts } = operation.attributes;
  const ends = at(operation.outputs, 0).shape.map((extent, axis) => extent + at(starts, axis));
  return context.like(operation, 'Slice', operands, { starts, ends });
});

const pad = onPlain<TfjsKernels['PadV2']>((operation, operands, context) => {
  const { before, after, value } = operation.attributes;
  return context.like(operation, 'Pad', operands, { pads: [...before, ...after], value });
});

/** ONNX's TopK; positions come in 64 bits. Unsorted results are the same set in some order. */
const topK: LoweringRule<TfjsKernels['TopK']> = (operation, context) => {
  const [values, positions] = [at(operation.outputs, 0), at(operation.outputs, 1)];
  const { k } = operation.attributes;
  const sorted = operation.attributes.sorted ? 1 : 0;
  const found: Value = { shape: values.shape, type: values.type };
  const places: Value = { shape: positions.shape, type: 'int64' };
  const x = context.plain(at(operation.inputs, 0));
  context.builder.append({
    op: 'TopK',
    inputs: [x],
    attributes: { k, sorted, largest: 1, axis: -1 },
    outputs: [found, places],
  });
  context.set(values, found);
  context.set(positions, context.cast(places, 'int32'));
};

/** Whether one place is looked up in numbers that were sorted for it, at an index known when the program runs. */
function isRankLookup(
  { attributes }: OperationOf<string, AxisAttributes>,
  [x, index]: readonly Value[],
  { builder }: Lowering,
): boolean {
  if (x === undefined || index === undefined) return false;
  const sort = builder.producerOf(x);
  const isSorted = sort?.op === 'TopK' && sort.attributes.sorted === 1 && sort.outputs[0] === x;
  return isSorted && attributes.axis === x.shape.length - 1 && index.shape.length === 0;
}

/**
 * The number at an index of a descending sort, as the least of the `index + 1` largest. Selecting them costs a fraction
 * of the sort, which is left without a user and dropped. How many there are is an operand: the shape between the two
 * operators is known to onnxruntime alone, the one written here is its bound.
 */
function selectAtRank(operation: Operation, operands: readonly Value[], context: Lowering): Value {
  const [sorted, index] = [at(operands, 0), at(operands, 1)];
  const sort = context.builder.producerOf(sorted);
  const source = at(sort?.inputs ?? [], 0);
  const count = context.builder.emit('Add', [index, context.scalar(1, 'int32')], {
    shape: [],
    type: 'int32',
  });
  const k = context.reshape(context.cast(count, 'int64'), [1]);
  const found: Value = { shape: source.shape, type: source.type };
  const places: Value = { shape: source.shape, type: 'int64' };
  context.builder.append({
    op: 'TopK',
    inputs: [source, k],
    attributes: { sorted: 0, largest: 1, axis: -1 },
    outputs: [found, places],
  });
  return context.like(operation, 'ReduceMin', [found], { axes: [source.shape.length - 1], keepdims: 0 });
}

export const arrayRules = {
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Fill: repeated<TfjsKernels['Fill']>(({ value }) => value),
  ZerosLike: repeated(() => 0),
  OnesLike: repeated(() => 1),
  Reshape: reshape,
  ExpandDims: reshape,
  Transpose: onPlain<TfjsKernels['Transpose']>(({ attributes }, operands, context) =>
    context.transpose(at(operands, 0), attributes.perm),
  ),
  Tile: onPlain<TfjsKernels['Tile']>((operation, operands, context) =>
    tile(operation, at(operands, 0), context),
  ),
  Slice: slice,
  Concat: onPlain<AxisAttributes>((operation, operands, context) =>
    context.like(operation, 'Concat', operands, operation.attributes),
  ),
  PadV2: pad,
  GatherV2: onPlain<AxisAttributes>((operation, operands, context) =>
    isRankLookup(operation, operands, context)
      ? selectAtRank(operation, operands, context)
      : context.like(operation, 'Gather', operands, operation.attributes),
  ),
  TopK: topK,
} satisfies Partial<LoweringRules>;

/** Repeating axes of extent 1 is a broadcast, which costs less than a copy by parts. */
function tile(operation: OperationOf<string, TfjsKernels['Tile']>, x: Value, context: Lowering): Value {
  const { reps } = operation.attributes;
  const broadcasts = reps.every((count, axis) => count === 1 || x.shape[axis] === 1);
  if (broadcasts) return context.like(operation, 'Expand', [x]);
  if (sizeOf(x.shape) === 1) return context.like(operation, 'Expand', [x]);
  return context.like(operation, 'Tile', [x], { repeats: reps });
}
