/** @file Graphs built by hand, for the compiler's passes. */
import {
  type Graph,
  GraphBuilder,
  type NamedValue,
  type Operation,
  type Value,
} from '../../src/compiler/graph.ts';
import type { KernelOperation } from '../../src/compiler/kernels.ts';
import type { OnnxOperation } from '../../src/engines/onnx/operators.ts';

/** A graph of any dialect, whose operations the given function emits; it returns the outputs by name. */
export function buildGraph<Op extends Operation = Operation>(
  inputs: Readonly<Record<string, readonly number[]>>,
  emit: (
    builder: GraphBuilder<Op>,
    values: Readonly<Record<string, Value>>,
  ) => Readonly<Record<string, Value>>,
): Graph<Op> {
  const builder = new GraphBuilder<Op>();
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

/** In kernels of tfjs. */
export const buildKernelGraph = buildGraph<KernelOperation>;

/** In operators of ONNX. */
export const buildOnnxGraph = buildGraph<OnnxOperation>;

/** A constant of one number. */
export function scalar(builder: Pick<GraphBuilder, 'constant'>, number: number): Value {
  return builder.constant(Float32Array.of(number), [], 'float32');
}
