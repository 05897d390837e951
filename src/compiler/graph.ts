/** @file The compiler's intermediate representation: a list of operations on typed values, which prints itself. */

export type ValueType = 'float32' | 'int32' | 'int64' | 'bool';
export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array;
export type Attribute = number | string | boolean | readonly number[];

/** The result of one operation, or an input of the graph. Compared by identity. */
export interface Value {
  readonly shape: readonly number[];
  readonly type: ValueType;
}

/**
 * One operation. Two dialects share this form: a traced graph uses tfjs kernel names and attributes, a lowered one the
 * operators of ONNX.
 */
export interface Operation {
  readonly op: string;
  /** Operator set, for example `com.microsoft`; the standard one if absent. */
  readonly domain?: string;
  readonly inputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Value[];
  /** Only of op `Constant`. */
  readonly data?: ConstantData;
}

export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** Operations stand in an order in which every value is made before it is used. */
export interface Graph {
  readonly inputs: readonly NamedValue[];
  readonly operations: readonly Operation[];
  readonly outputs: readonly NamedValue[];
}

/** Collects operations in order. */
export class GraphBuilder {
  readonly operations: Operation[] = [];
  private readonly producers = new Map<Value, Operation>();

  input(shape: readonly number[], type: ValueType): Value {
    return { shape: [...shape], type };
  }

  /** Appends an operation with one output of the given shape and type. */
  emit(
    op: string,
    inputs: readonly Value[],
    output: { shape: readonly number[]; type?: ValueType },
    attributes: Readonly<Record<string, Attribute>> = {},
    domain?: string,
  ): Value {
    const value: Value = { shape: [...output.shape], type: output.type ?? 'float32' };
    this.append({ op, inputs, attributes, outputs: [value], ...(domain === undefined ? {} : { domain }) });
    return value;
  }

  constant(data: ConstantData, shape: readonly number[], type: ValueType): Value {
    const value: Value = { shape: [...shape], type };
    this.append({ op: 'Constant', inputs: [], attributes: {}, outputs: [value], data });
    return value;
  }

  append(operation: Operation): void {
    this.operations.push(operation);
    for (const output of operation.outputs) this.producers.set(output, operation);
  }

  /** The operation that makes a value; undefined for inputs of the graph. */
  producerOf(value: Value): Operation | undefined {
    return this.producers.get(value);
  }

  /** The numbers of a value that is known while compiling. */
  constantOf(value: Value): ConstantData | undefined {
    return this.producers.get(value)?.data;
  }
}

/**
 * Rebuilds a graph operation by operation. `visit` gets each operation with its inputs already translated, and returns
 * what stands for its outputs, or undefined to keep the operation as it is. `translate` gives what stands for any value of
 * the graph that was made before.
 */
export function rewrite(
  graph: Graph,
  visit: (
    operation: Operation,
    builder: GraphBuilder,
    translate: (value: Value) => Value,
  ) => readonly Value[] | undefined,
): Graph {
  const builder = new GraphBuilder();
  const translation = new Map<Value, Value>();
  const translate = (value: Value): Value => translation.get(value) ?? value;
  for (const original of graph.operations) {
    const operation: Operation = { ...original, inputs: original.inputs.map(translate) };
    const replacement = visit(operation, builder, translate);
    if (replacement === undefined) builder.append(operation);
    else
      for (const [index, output] of original.outputs.entries())
        translation.set(output, at(replacement, index));
  }
  return {
    inputs: graph.inputs,
    operations: builder.operations,
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: translate(value) })),
  };
}

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

/** One number many times over; not zero is true. */
export function filled(number: number, count: number, type: ValueType): ConstantData {
  switch (type) {
    case 'float32':
      return new Float32Array(count).fill(number);
    case 'int32':
      return new Int32Array(count).fill(number);
    case 'int64':
      return new BigInt64Array(count).fill(BigInt(number));
    case 'bool':
      return new Uint8Array(count).fill(number === 0 ? 0 : 1);
  }
}

/** An element that must be there. */
export function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined) throw new Error(`no element ${index} in a list of ${list.length}`);
  return element;
}
