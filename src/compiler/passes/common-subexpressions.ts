/** @file Computes what is asked for several times only once. */
import {
  type Attributes,
  type ConstantData,
  type Graph,
  type Operation,
  rewrite,
  type Value,
} from '../graph.ts';

/** Longer constants are compared by identity only. */
const LONGEST_COMPARED_CONSTANT = 4096;

export function shareCommonSubexpressions(graph: Graph): Graph {
  const numbers = new Map<Value, number>();
  const numberOf = (value: Value): number => {
    const known = numbers.get(value) ?? numbers.size;
    numbers.set(value, known);
    return known;
  };
  const seen = new Map<string, readonly Value[]>();
  return rewrite(graph, (operation) => {
    const key = keyOf(operation, numberOf);
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, operation.outputs);
    return earlier;
  });
}

function keyOf(operation: Operation, numberOf: (value: Value) => number): string {
  const results = operation.outputs.map(({ shape, type }) => `${type}[${shape.join()}]`);
  return [
    operation.domain ?? '',
    operation.op,
    attributesKey(operation.attributes),
    operation.inputs.map(numberOf).join(),
    results.join(),
    operation.data ? constantKey(operation.data, numberOf, operation) : '',
  ].join('|');
}

/** JSON would write infinities and NaN alike, and lose the sign of zero. */
function attributesKey(attributes: Attributes): string {
  return JSON.stringify(attributes, (_, value) =>
    typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
      ? `number ${Object.is(value, -0) ? '-0' : value}`
      : value,
  );
}

function constantKey(data: ConstantData, numberOf: (value: Value) => number, operation: Operation): string {
  if (data.length > LONGEST_COMPARED_CONSTANT) return `#${operation.outputs.map(numberOf).join()}`;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
}
