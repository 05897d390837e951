/** @file Removes operations that do not change their input: casts to the same type, undone transpositions, × 1. */

import { at } from '../../lookup.ts';
import { type Graph, type GraphBuilder, type Operation, rewrite, type Value } from '../graph.ts';

/** Binary operations that keep their first operand when the second is this constant. */
const RIGHT_IDENTITY: Readonly<Record<string, number>> = {
  Add: 0,
  Sub: 0,
  Multiply: 1,
  Mul: 1,
  RealDiv: 1,
  Div: 1,
  Pow: 1,
};
/** Constants with more elements are not searched for an element that differs. */
const LONGEST_COMPARED = 4096;
const COMMUTATIVE = new Set(['Add', 'Multiply', 'Mul']);

export function removeNoOps(graph: Graph): Graph {
  return rewrite(graph, (operation, builder) => {
    const [output] = operation.outputs;
    if (output === undefined || operation.domain) return undefined;
    const kept = unchangedInput(operation, output, builder) ?? shortcut(operation, output, builder);
    return kept && [kept];
  });
}

/** The input that an operation returns as it is. */
function unchangedInput(operation: Operation, output: Value, builder: GraphBuilder): Value | undefined {
  const [first, second] = operation.inputs;
  if (first === undefined) return undefined;
  const keepsFirst = sameKind(first, output);
  switch (operation.op) {
    case 'Identity':
    case 'Cast':
    case 'Reshape':
    case 'ExpandDims':
    case 'Tile':
    case 'Expand':
    case 'Sum':
    case 'ReduceSum':
      return keepsFirst && !isRealReduction(operation) ? first : undefined;
    case 'Transpose':
      return keepsFirst && isIdentity(operation.attributes.perm) ? first : undefined;
    default: {
      const identity = RIGHT_IDENTITY[operation.op];
      if (identity === undefined || second === undefined) return undefined;
      if (keepsFirst && isFilledWith(second, identity, builder)) return first;
      const swaps = COMMUTATIVE.has(operation.op) && sameKind(second, output);
      return swaps && isFilledWith(first, identity, builder) ? second : undefined;
    }
  }
}

/** A shorter way to the same result: a reshape of a reshape, a transposition of a transposition. */
function shortcut(operation: Operation, output: Value, builder: GraphBuilder): Value | undefined {
  const inner = operation.inputs[0] && builder.producerOf(operation.inputs[0]);
  if (inner === undefined) return undefined;
  const source = inner.inputs[0];
  if (source === undefined) return undefined;
  if (isReshape(operation) && isReshape(inner)) {
    return sameKind(source, output) ? source : builder.emit('Reshape', [source], output);
  }
  const { perm: outerPerm } = operation.attributes;
  const { perm: innerPerm } = inner.attributes;
  if (operation.op === 'Transpose' && inner.op === 'Transpose' && outerPerm && innerPerm) {
    const perm = outerPerm.map((axis) => at(innerPerm, axis));
    return isIdentity(perm) ? source : builder.emit('Transpose', [source], output, { perm });
  }
  return undefined;
}

function isReshape(operation: Operation): boolean {
  return operation.op === 'Reshape' || operation.op === 'ExpandDims';
}

/** A sum over axes of extent 1 changes nothing; any other sum does, even if its shape stays. */
function isRealReduction({ attributes, inputs }: Operation): boolean {
  return attributes.axes?.some((axis) => inputs[0]?.shape[axis] !== 1) ?? false;
}

function sameKind(a: Value, b: Value): boolean {
  return (
    a.type === b.type &&
    a.shape.length === b.shape.length &&
    a.shape.every((extent, axis) => extent === b.shape[axis])
  );
}

function isIdentity(perm: readonly number[] | undefined): boolean {
  return perm?.every((axis, index) => axis === index) ?? false;
}

function isFilledWith(value: Value, number: number, builder: GraphBuilder): boolean {
  const data = builder.constantOf(value);
  return data !== undefined && data.length <= LONGEST_COMPARED && data.every((element) => element === number);
}
