/** @file What a training does to every weight beside multiplying with it, as td's own kernels, each of one pass over memory (native/weights.h). */
import type { Value } from '../../../compiler/graph.ts';
import { rewriteJoining, type Uses } from '../../../compiler/passes/uses.ts';
import { STATE } from '../../../compiler/trace-step.ts';
import { at } from '../../../lookup.ts';
import type { TensorflowBuilder, TensorflowGraph, TensorflowOperation } from '../kernels.ts';

/**
 * Over a graph for a processor, after `rank-lookups`:
 *
 * - the value at a rank of the magnitudes of each column of a weight, without an array of magnitudes, or one that is turned round;
 * - a weight or gradient of which candidates are dropped that were drawn, without a mask as an array of numbers;
 * - gradient + decay · weight, in the gradient's memory;
 * - the sum of the squares of all gradients, without an array of squares.
 */
export function joinWeightPasses(graph: TensorflowGraph): TensorflowGraph {
  const parameters = new Set(
    graph.inputs.filter(({ name }) => name.startsWith(STATE)).map(({ value }) => value),
  );
  const returned = new Set(graph.outputs.map(({ value }) => value));
  return rewriteJoining(graph, (operation, builder, uses) => {
    const output = at(operation.outputs, 0);
    if (output.type !== 'float32') return undefined;
    switch (operation.op) {
      case 'NthLargest':
        return columnRank(operation, output, builder);
      case 'Multiply':
        return kept(operation, output, builder);
      // What an optimizer keeps is looked for later.
      case 'Add':
        return returned.has(output) ? undefined : decayed(operation, output, { builder, uses, parameters });
      case 'Sum':
        return sumOfSquares(operation, output, builder, uses);
      case 'AddN':
        return sumOfSums(operation, output, builder, uses);
      default:
        return undefined;
    }
  });
}

/** Over the magnitudes of a weight `[…, columns]`, as a matrix that is turned round. */
function columnRank(
  { inputs }: TensorflowOperation,
  output: Value,
  builder: TensorflowBuilder,
): Value | undefined {
  const [turned, rank] = inputs;
  const turn = turned && builder.producerOf(turned);
  if (turn?.op !== 'Transpose' || turn.attributes.perm.join() !== '1,0' || !rank) return undefined;
  const matrix = at(turn.inputs, 0);
  const form = builder.producerOf(matrix);
  const isForm = form?.op === 'Reshape' && at(form.inputs, 0).shape.at(-1) === matrix.shape.at(-1);
  const magnitudes = builder.producerOf(isForm ? at(form.inputs, 0) : matrix);
  return magnitudes?.op === 'Abs'
    ? builder.emit('ColumnRank', [at(magnitudes.inputs, 0), rank], output)
    : undefined;
}

/** x · (1 − (|w| < threshold of the column, and drawn)) */
function kept({ inputs }: TensorflowOperation, output: Value, builder: TensorflowBuilder): Value | undefined {
  const [a, b] = inputs;
  for (const [x, mask] of [[a, b] as const, [b, a] as const]) {
    const dropped = mask && droppedBy(mask, builder);
    if (!x || !dropped || x.shape.join() !== output.shape.join()) continue;
    return builder.emit('Keep', [x, ...dropped], output);
  }
  return undefined;
}

/** Weight, thresholds and draws of such a mask. */
function droppedBy(mask: Value, builder: TensorflowBuilder): [Value, Value, Value] | undefined {
  const producerOf = (value: Value | undefined) => value && builder.producerOf(value);
  const complement = producerOf(mask);
  if (complement?.op !== 'Sub' || numberOf(at(complement.inputs, 0), builder) !== 1) return undefined;
  const cast = producerOf(complement.inputs[1]);
  const both = cast?.op === 'Cast' ? producerOf(cast.inputs[0]) : undefined;
  if (both?.op !== 'LogicalAnd') return undefined;
  const [first, second] = both.inputs;
  for (const [low, drawn] of [[first, second] as const, [second, first] as const]) {
    const comparison = producerOf(low);
    if (comparison?.op !== 'Less' || drawn?.type !== 'bool') continue;
    const [magnitude, threshold] = comparison.inputs;
    const weight = producerOf(magnitude)?.op === 'Abs' ? producerOf(magnitude)?.inputs[0] : undefined;
    if (weight?.type !== 'float32' || !threshold) continue;
    const columns = weight.shape.at(-1);
    const isOfWeight = [mask, drawn].every(({ shape }) => shape.join() === weight.shape.join());
    if (isOfWeight && columns !== undefined && threshold.shape.join() === String(columns))
      return [weight, threshold, drawn];
  }
  return undefined;
}

/** x + number · parameter */
function decayed(
  { inputs }: TensorflowOperation,
  output: Value,
  { builder, uses, parameters }: { builder: TensorflowBuilder; uses: Uses; parameters: ReadonlySet<Value> },
): Value | undefined {
  const [a, b] = inputs;
  for (const [x, scaled] of [[a, b] as const, [b, a] as const]) {
    const producer = scaled && builder.producerOf(scaled);
    if (!x || producer?.op !== 'Multiply' || uses.of(scaled as Value) !== 1) continue;
    const [parameter, factor] = producer.inputs;
    const isWhole = [x, parameter].every((value) => value?.shape.join() === output.shape.join());
    if (!parameter || !factor || !isWhole || !parameters.has(parameter) || factor.shape.length > 0) continue;
    return builder.emit('AddScaled', [x, parameter, factor], output);
  }
  return undefined;
}

/** Of all elements of one array. */
function sumOfSquares(
  { inputs, attributes }: TensorflowOperation,
  output: Value,
  builder: TensorflowBuilder,
  uses: Uses,
): Value | undefined {
  const squares = at(inputs, 0);
  const producer = builder.producerOf(squares);
  const isWhole = output.shape.length === 0 && 'axes' in attributes;
  return isWhole && producer?.op === 'Square' && uses.of(squares) === 1
    ? builder.emit('SumSquares', [at(producer.inputs, 0)], output)
    : undefined;
}

function sumOfSums(
  { inputs }: TensorflowOperation,
  output: Value,
  builder: TensorflowBuilder,
  uses: Uses,
): Value | undefined {
  const arrays = inputs.flatMap((input) => {
    const producer = builder.producerOf(input);
    return producer?.op === 'SumSquares' && uses.of(input) === 1 ? [...producer.inputs] : [undefined];
  });
  return arrays.every((array) => array !== undefined)
    ? builder.emit('SumSquares', arrays, output)
    : undefined;
}

function numberOf(value: Value, builder: TensorflowBuilder): number | undefined {
  const data = builder.producerOf(value)?.data;
  return data?.length === 1 ? Number(data[0]) : undefined;
}
