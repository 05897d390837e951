/** @file Graphs built by hand, for the compiler's passes. */
import { type Graph, GraphBuilder, type NamedValue, type Value } from '../../src/compiler/graph.ts';

/** A graph whose operations the given function emits; it returns the outputs by name. */
export function buildGraph(
  inputs: Readonly<Record<string, readonly number[]>>,
  emit: (builder: GraphBuilder, values: Readonly<Record<string, Value>>) => Readonly<Record<string, Value>>,
): Graph {
  const builder = new GraphBuilder();
  const named = Object.entries(inputs).map(
    ([name, shape]): NamedValue => ({ name, value: builder.input(shape, 'float32') }),
  );
  const outputs = emit(builder, Object.fromEntries(named.map(({ name, value }) => [name, value])));
  return {
    inputs: named,
    operations: builder.operations,
    outputs: Object.entries(outputs).map(([name, value]) => ({ name, value })),
  };
}

/** A constant of one number. */
export function scalar(builder: GraphBuilder, number: number): Value {
  return builder.constant(Float32Array.of(number), [], 'float32');
}
