/** @file Puts casts and detours around operators that the WebGPU provider has for some element types only. */
import { rewrite, type Value, type ValueType } from '../../../../compiler/graph.ts';
import { at } from '../../../../lookup.ts';
import type { OnnxBuilder, OnnxCall, OnnxGraph } from '../../operators.ts';

/** They move or compare elements, and have no kernel for booleans. */
const NOT_OF_BOOLEANS = new Set<string>(['Transpose', 'Tile', 'Slice', 'Concat', 'Identity', 'Equal', 'Xor']);

/** Over a lowered graph, after all other passes. */
export function adaptTypes(graph: OnnxGraph): OnnxGraph {
  return rewrite(graph, (operation, builder) => {
    const adapted = operation.data ? undefined : adapt(operation, builder);
    return adapted && [adapted];
  });
}

function adapt(operation: OnnxCall, builder: OnnxBuilder): Value | undefined {
  const type = operation.inputs[0]?.type;
  if (type === 'bool' && NOT_OF_BOOLEANS.has(operation.op)) return asFloats(operation, builder);
  return type === 'int32' ? ofIntegers(operation, builder) : undefined;
}

/** Booleans moved or compared as 0 and 1. */
function asFloats(operation: OnnxCall, builder: OnnxBuilder): Value {
  const { shape, type } = at(operation.outputs, 0);
  const cast = (value: Value, to: ValueType): Value =>
    builder.emit('Cast', [value], { shape: value.shape, type: to });
  const inputs = operation.inputs.map((input) => cast(input, 'float32'));
  const isComparison = operation.op === 'Equal';
  const result: Value = { shape, type: isComparison ? type : 'float32' };
  builder.append({ ...operation, inputs, outputs: [result] });
  return isComparison ? result : cast(result, type);
}

function ofIntegers(operation: OnnxCall, builder: OnnxBuilder): Value | undefined {
  const [x, output] = [at(operation.inputs, 0), at(operation.outputs, 0)];
  const zero = (): Value => builder.constant(Int32Array.of(0), [], 'int32');
  const negative = (): Value => builder.emit('Sub', [zero(), x], output);
  switch (operation.op) {
    case 'Neg':
      return negative();
    case 'Abs':
      return builder.emit('Max', [x, negative()], output);
    case 'Relu':
      return builder.emit('Max', [x, zero()], output);
    case 'Slice':
      return sliceByGather(x, operation.attributes.starts, output, builder);
    default:
      return undefined;
  }
}

function sliceByGather(x: Value, starts: readonly number[], output: Value, builder: OnnxBuilder): Value {
  let current = x;
  for (const [axis, start] of starts.entries()) {
    const count = at(output.shape, axis);
    if (count === current.shape[axis]) continue;
    const table = Int32Array.from({ length: count }, (_, index) => start + index);
    const places = builder.constant(table, [count], 'int32');
    const shape = current.shape.map((extent, index) => (index === axis ? count : extent));
    current = builder.emit('Gather', [current, places], { shape, type: x.type }, { axis });
  }
  return current;
}
