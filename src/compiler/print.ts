/** @file A graph as text, for tests and for whoever looks for what a step was compiled to. */
import type { Graph, Operation, Value } from './graph.ts';

/** The graph as text, a line an operation: `%3 float32[2,4] = Add(%1, %2)`. */
export function printGraph(graph: Graph): string {
  const names = new Map<Value, string>();
  for (const { name, value } of graph.inputs) names.set(value, name);
  const nameOf = (value: Value): string => {
    const known = names.get(value) ?? `%${names.size - graph.inputs.length}`;
    names.set(value, known);
    return known;
  };
  const lines = graph.inputs.map(({ name, value }) => `input ${name} ${printType(value)}`);
  for (const operation of graph.operations) {
    const results = operation.outputs.map((output) => `${nameOf(output)} ${printType(output)}`).join(', ');
    lines.push(`${results} = ${printCall(operation, nameOf)}`);
  }
  for (const { name, value } of graph.outputs) lines.push(`output ${name} = ${nameOf(value)}`);
  return lines.join('\n');
}

function printType(value: Value): string {
  return `${value.type}[${value.shape.join(',')}]`;
}

function printCall(operation: Operation, nameOf: (value: Value) => string): string {
  if (operation.data) {
    const shown = Array.from(operation.data.subarray(0, 4), String).join(', ');
    return `Constant(${shown}${operation.data.length > 4 ? ', …' : ''})`;
  }
  const attributes = Object.entries(operation.attributes)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? `[${value.join(',')}]` : value}`)
    .join(' ');
  const name = operation.domain ? `${operation.domain}.${operation.op}` : operation.op;
  return `${name}(${operation.inputs.map(nameOf).join(', ')})${attributes ? ` {${attributes}}` : ''}`;
}

/** A part of a program: a heading that says when it is done, and below it what is done. */
export function printPart(heading: string, text: string): string {
  return [`${heading}:`, ...text.split('\n').map((line) => `  ${line}`)].join('\n');
}
