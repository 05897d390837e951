/** @file The compiler's intermediate representation: a list of operations on typed values. */
import { at } from '../lookup.ts';

export type ValueType = 'float32' | 'int32' | 'int64' | 'bool';
export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array;
export type Attribute = number | string | boolean | readonly number[];

/** The result of one operation, or an input of the graph. Compared by identity. */
export interface Value {
  readonly shape: readonly number[];
  readonly type: ValueType;
}

/**
 * What any operation may have as attributes. The named ones mean the same wherever they occur, and are all that passes read
 * which work in every dialect.
 */
export type Attributes = {
  /** Of a transposition: which axis of the operand each axis of the result is. */
  readonly perm?: readonly number[];
  /** Of a reduction: the axes that are reduced. */
  readonly axes?: readonly number[];
  readonly [name: string]: Attribute | undefined;
};

/** The attributes of an operation that has none. */
export type NoAttributes = Readonly<Record<string, never>>;

/** An operation of one kind. */
export interface OperationOf<Name extends string, A extends Attributes> {
  readonly op: Name;
  /** Operator set, for example `com.microsoft`; the standard one if absent. */
  readonly domain?: string;
  readonly inputs: readonly Value[];
  readonly attributes: A;
  readonly outputs: readonly Value[];
  readonly data?: undefined;
}

/** Every dialect has constants. */
export interface Constant extends Omit<OperationOf<'Constant', NoAttributes>, 'data'> {
  readonly data: ConstantData;
}

/**
 * A dialect: which operations there are, with the attributes of each by its name. A graph is in the kernels of tfjs when it has been
 * recorded (`kernels.ts`), and in the operators of an engine when it has been lowered.
 */
export type Dialect = Readonly<Record<string, Attributes>>;

/** An operation of a dialect: a union in which `op` tells the attributes. */
export type OperationIn<D extends Dialect, Name extends keyof D & string = keyof D & string> = {
  [N in Name]: OperationOf<N, D[N]>;
}[Name];

/** An operation of any dialect. */
export type Operation = OperationOf<string, Attributes> | Constant;

export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** Operations stand in an order in which every value is made before it is used. */
export interface Graph<Op extends Operation = Operation> {
  readonly inputs: readonly NamedValue[];
  readonly operations: readonly Op[];
  readonly outputs: readonly NamedValue[];
}

/** The attributes of the operation of that name. */
type AttributesOf<Op extends Operation, Name extends string> = Op extends Operation
  ? Name extends Op['op']
    ? Op['attributes']
    : never
  : never;

/** The last argument of a call that emits an operation: its attributes, which may be left out where none is required. */
export type AttributesArgument<Op extends Operation, Name extends string> =
  Record<never, never> extends AttributesOf<Op, Name>
    ? [attributes?: AttributesOf<Op, Name>]
    : [attributes: AttributesOf<Op, Name>];

/** Collects operations in order. */
export class GraphBuilder<Op extends Operation = Operation> {
  readonly operations: Op[] = [];
  private readonly producers = new Map<Value, Op>();

  input(shape: readonly number[], type: ValueType): Value {
    return { shape: [...shape], type };
  }

  /** Appends an operation with one output of the given shape and type. */
  emit<Name extends Op['op']>(
    op: Name,
    inputs: readonly Value[],
    output: { shape: readonly number[]; type?: ValueType },
    ...attributes: AttributesArgument<Op, Name>
  ): Value {
    return this.emitIn(undefined, op, inputs, output, ...attributes);
  }

  /** The same for an operator of another set than the standard one. */
  emitIn<Name extends Op['op']>(
    domain: string | undefined,
    op: Name,
    inputs: readonly Value[],
    output: { shape: readonly number[]; type?: ValueType },
    ...[attributes]: AttributesArgument<Op, Name>
  ): Value {
    const value: Value = { shape: [...output.shape], type: output.type ?? 'float32' };
    const named = domain === undefined ? {} : { domain };
    // The signature holds name and attributes together, which the compiler does not follow into the body.
    this.append({ op, inputs, attributes: attributes ?? {}, outputs: [value], ...named } as Operation as Op);
    return value;
  }

  constant(data: ConstantData, shape: readonly number[], type: ValueType): Value {
    const value: Value = { shape: [...shape], type };
    const constant: Constant = { op: 'Constant', inputs: [], attributes: {}, outputs: [value], data };
    this.append(constant as Op);
    return value;
  }

  append(operation: Op): void {
    this.operations.push(operation);
    for (const output of operation.outputs) this.producers.set(output, operation);
  }

  /** The operation that makes a value; undefined for inputs of the graph. */
  producerOf(value: Value): Op | undefined {
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
export function rewrite<Op extends Operation>(
  graph: Graph<Op>,
  visit: (
    operation: Op,
    builder: GraphBuilder<Op>,
    translate: (value: Value) => Value,
  ) => readonly Value[] | undefined,
): Graph<Op> {
  const builder = new GraphBuilder<Op>();
  const translation = new Map<Value, Value>();
  const translate = (value: Value): Value => translation.get(value) ?? value;
  for (const original of graph.operations) {
    const operation = { ...original, inputs: original.inputs.map(translate) };
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
