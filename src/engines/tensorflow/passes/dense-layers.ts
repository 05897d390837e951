/** @file Products of dense layers with what goes before and comes after them, as td's own kernels (native/dense.h). */
import { sizeOf } from '../../../arrays.ts';
import type { Value } from '../../../compiler/graph.ts';
import { rewriteJoining, type Uses } from '../../../compiler/passes/uses.ts';
import type { TensorflowBuilder, TensorflowCall, TensorflowGraph, TensorflowOperation } from '../kernels.ts';

/** Weights of this many numbers lie in no cache, and TensorFlow's own kernels read them as fast: VGG-16 took up to 5 % longer with td's. */
const MOST_WEIGHTS = 2 ** 21;

/** Over a graph for a processor in float32, after `relu-gradients` and `weight-passes`. */
export function joinDenseLayers(graph: TensorflowGraph): TensorflowGraph {
  return rewriteJoining(graph, (operation, builder, uses) => {
    const [output] = operation.outputs;
    if (output === undefined) return undefined;
    switch (operation.op) {
      case 'BatchMatMul':
        return joinGradient(operation, output, builder);
      case 'Add':
        return joinBias(operation.inputs, output, builder, uses);
      case 'Relu': {
        const before = onlyUse('Dense', operation.inputs[0], builder, uses);
        return before && builder.emit('DenseRelu', before.inputs, output);
      }
      case 'ReluGrad': {
        const [dy, y] = operation.inputs;
        const before = onlyUse('DenseInputGradient', dy, builder, uses);
        return before && y && builder.emit('DenseInputGradientRelu', [...before.inputs, y], output);
      }
      case 'AddScaled': {
        const [gradient, weights, factor] = operation.inputs;
        const before = onlyUse('DenseWeightGradient', gradient, builder, uses);
        return before && weights && factor
          ? builder.emit('DenseWeightGradientDecay', [...before.inputs, weights, factor], output)
          : undefined;
      }
      default:
        return undefined;
    }
  });
}

/** dy · weights', or x' · dy. */
function joinGradient(
  { inputs, attributes }: TensorflowCall<'BatchMatMul'>,
  output: Value,
  builder: TensorflowBuilder,
): Value | undefined {
  const [a, b] = inputs;
  const { transposeA, transposeB } = attributes;
  if (!areMatrices(a, b) || transposeA === transposeB) return undefined;
  const weights = transposeA ? output : b;
  if (!weights || sizeOf(weights.shape) >= MOST_WEIGHTS) return undefined;
  return builder.emit(transposeA ? 'DenseWeightGradient' : 'DenseInputGradient', inputs, output);
}

/** x · weights + bias. */
function joinBias(
  [a, b]: readonly Value[],
  output: Value,
  builder: TensorflowBuilder,
  uses: Uses,
): Value | undefined {
  for (const [product, bias] of [[a, b] as const, [b, a] as const]) {
    const before = onlyUse('BatchMatMul', product, builder, uses);
    const isWhole = product?.shape.join() === output.shape.join();
    if (before === undefined || !isWhole || bias?.shape.join() !== String(output.shape.at(-1))) continue;
    const { transposeA, transposeB } = before.attributes;
    const [x, weights] = before.inputs;
    if (transposeA || transposeB || !x || !weights || !areMatrices(x, weights)) continue;
    if (sizeOf(weights.shape) < MOST_WEIGHTS) return builder.emit('Dense', [x, weights, bias], output);
  }
  return undefined;
}

function areMatrices(...values: readonly (Value | undefined)[]): boolean {
  return values.every((value) => value?.shape.length === 2 && value.type === 'float32');
}

/** What makes a value, if it is of that kind and nothing else wants the value. */
function onlyUse<K extends TensorflowOperation['op']>(
  op: K,
  value: Value | undefined,
  builder: TensorflowBuilder,
  uses: Uses,
): Extract<TensorflowOperation, { op: K }> | undefined {
  const operation = value && builder.producerOf(value);
  return operation?.op === op && uses.of(value as Value) === 1
    ? (operation as Extract<TensorflowOperation, { op: K }>)
    : undefined;
}
