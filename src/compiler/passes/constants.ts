/** @file Computes at compile time what depends on constants only, with the reference kernels of tfjs. */
import * as tf from '@tensorflow/tfjs';
import { sizeOf } from '../../arrays.ts';
import { at } from '../../lookup.ts';
import { withBackend } from '../backend-scope.ts';
import {
  type ConstantData,
  filled,
  type Graph,
  type GraphBuilder,
  type Operation,
  rewrite,
  type Value,
} from '../graph.ts';

/** Kernels that are folded; all of them are called with the attributes that the traced graph keeps. */
const FOLDABLE = new Set([
  'Abs', 'Add', 'ClipByValue', 'Equal', 'Exp', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Log', 'LogicalAnd',
  'LogicalNot', 'LogicalOr', 'Maximum', 'Minimum', 'Multiply', 'Neg', 'NotEqual', 'Pow', 'RealDiv', 'Reciprocal',
  'Rsqrt', 'Select', 'Sqrt', 'Square', 'Sub', 'Tile', 'Transpose',
]); // biome-ignore format: a table of names

/** A folded constant takes at most this many elements: large ones are cheaper to compute than to carry. */
const LARGEST_FOLDED = 1024;

const INPUT_NAMES: Readonly<Record<string, readonly string[]>> = {
  Select: ['condition', 't', 'e'],
};

export function foldConstants(graph: Graph): Graph {
  return rewrite(graph, (operation, builder) => {
    const [output] = operation.outputs;
    if (operation.data || operation.domain || output === undefined || sizeOf(output.shape) > LARGEST_FOLDED)
      return undefined;
    const data = fold(operation, output, builder);
    return data && [builder.constant(data, output.shape, output.type)];
  });
}

function fold(operation: Operation, output: Value, builder: GraphBuilder): ConstantData | undefined {
  const size = sizeOf(output.shape);
  const { value } = operation.attributes;
  if (operation.op === 'Fill' && typeof value === 'number') return filled(value, size, output.type);
  if (operation.op === 'ZerosLike') return filled(0, size, output.type);
  if (operation.op === 'OnesLike') return filled(1, size, output.type);
  const inputs = operation.inputs.map((input) => builder.constantOf(input));
  if (inputs.length === 0 || !inputs.every((data) => data !== undefined)) return undefined;
  if (operation.op === 'Reshape' || operation.op === 'ExpandDims') return inputs[0];
  if (operation.op === 'Cast') return convert(at(inputs, 0), output);
  return isFoldable(operation) ? evaluate(operation, inputs, output) : undefined;
}

/**
 * Whether tfjs' reference kernel of the same name computes this operation. Graphs in operators of ONNX come here, too: most names mean
 * the same there, but its Tile has other attributes, and tfjs has no integers of 64 bits.
 */
function isFoldable({ op, attributes, inputs }: Operation): boolean {
  const isTracedForm = op !== 'Tile' || attributes.reps !== undefined;
  return FOLDABLE.has(op) && isTracedForm && inputs.every(({ type }) => type !== 'int64');
}

function evaluate(operation: Operation, data: readonly ConstantData[], output: Value): ConstantData {
  return withBackend('cpu', () => {
    const names = INPUT_NAMES[operation.op] ?? (data.length === 1 ? ['x'] : ['a', 'b']);
    const tensors = operation.inputs.map((input, index) => toTensor(at(data, index), input));
    const named = Object.fromEntries(names.map((name, index) => [name, at(tensors, index)]));
    // tfjs' type asks for lists that may be written to, and no kernel writes to them.
    const attributes = operation.attributes as unknown as tf.NamedAttrMap;
    const result: tf.Tensor = tf.engine().runKernel(operation.op, named, attributes);
    return convert(result.dataSync(), output);
  });
}

function toTensor(data: ConstantData, { shape, type }: Value): tf.Tensor {
  if (data instanceof BigInt64Array || type === 'int64')
    throw new Error('tfjs has no integers of 64 bits, so nothing is computed of them');
  return tf.tensor(data, [...shape], type);
}

function convert(data: ConstantData, output: Value): ConstantData {
  const numbers = Array.from<number | bigint, number>(data, Number);
  if (output.type === 'int32') return Int32Array.from(numbers, Math.trunc);
  if (output.type === 'bool') return Uint8Array.from(numbers, (number) => (number === 0 ? 0 : 1));
  return Float32Array.from(numbers);
}
