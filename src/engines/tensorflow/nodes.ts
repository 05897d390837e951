/** @file Nodes of a TensorFlow graph or function body, collected in order, and the values of the traced graph that they stand for. */
import { type ConstantData, filled, type Value, type ValueType } from '../../compiler/graph.ts';
import { orThrow } from '../../lookup.ts';
import { DATA_TYPES, type DataType } from './format.ts';

/** A value of an attribute, in the form of the protobuf message AttrValue. */
export type NodeAttribute = Readonly<Record<string, unknown>>;
export type NodeAttributes = Readonly<Record<string, NodeAttribute>>;

/** A node, or an argument of a function. */
export interface GraphNode {
  readonly name: string;
  /** `argument` for an argument of a function. */
  readonly op: string;
  readonly inputs: readonly Output[];
  /** Nodes that must have run before, though none of their results is used. */
  readonly after: readonly GraphNode[];
  readonly attributes: NodeAttributes;
}

/** Where a node stands, besides behind its inputs. */
export interface NodePlace {
  /** Without commas and colons: the native module parses lists of names. */
  readonly name?: string;
  /** Nodes that must have run before. */
  readonly after?: readonly GraphNode[];
}

/** One result of a node. */
export interface Output {
  readonly node: GraphNode;
  readonly index: number;
}

export const typeAttribute = (type: DataType): NodeAttribute => ({ type: DATA_TYPES[type] });
export const shapeAttribute = (shape: readonly number[]): NodeAttribute => ({
  shape: { dim: shape.map((size) => ({ size })) },
});
export const integerAttribute = (i: number): NodeAttribute => ({ i });
export const integersAttribute = (i: readonly number[]): NodeAttribute => ({ list: { i } });
export const booleanAttribute = (b: boolean): NodeAttribute => ({ b });
export const stringAttribute = (text: string): NodeAttribute => ({ s: Buffer.from(text) });

/** Constants of at least this many elements, all equal, are written as a Fill. */
const SHORTEST_FILLED = 16;

export class NodeBuilder {
  readonly nodes: GraphNode[] = [];
  private readonly shared = new Map<string, Output>();
  private readonly outputs = new Map<Value, Output>();

  add(
    op: string,
    inputs: readonly Output[],
    attributes: NodeAttributes = {},
    { name = `${op}_${this.nodes.length}`, after = [] }: NodePlace = {},
  ): Output {
    const node: GraphNode = { name, op, inputs, after, attributes };
    this.nodes.push(node);
    return { node, index: 0 };
  }

  /** A node of several results, all of which are returned. */
  addMany(
    op: string,
    inputs: readonly Output[],
    attributes: NodeAttributes,
    count: number,
  ): readonly Output[] {
    const { node } = this.add(op, inputs, attributes);
    return Array.from({ length: count }, (_, index) => ({ node, index }));
  }

  /** @param shape of the terms, if both have the same */
  sum(terms: readonly Output[], type: ValueType, _shape?: readonly number[]): Output {
    return this.add('AddV2', terms, { T: typeAttribute(type) });
  }

  /** One number many times over becomes a Fill: zeros of a large array would otherwise be written out. */
  constant(data: ConstantData, shape: readonly number[], type: ValueType): Output {
    const [first] = data;
    const isFilled = data.length >= SHORTEST_FILLED && data.every((number) => Object.is(number, first));
    if (isFilled && first !== undefined) return this.fill(Number(first), shape, type);
    return this.constantOf(data, shape, type);
  }

  fill(number: number, shape: readonly number[], type: ValueType): Output {
    if (shape.length === 0) return this.scalar(number, type);
    return this.add('Fill', [this.integers(shape), this.scalar(number, type)], {
      T: typeAttribute(type),
      index_type: typeAttribute('int32'),
    });
  }

  /** A vector of int32: axes, a shape, a permutation. */
  integers(numbers: readonly number[]): Output {
    return this.share(`[${numbers}]`, () =>
      this.constantOf(Int32Array.from(numbers), [numbers.length], 'int32'),
    );
  }

  scalar(number: number, type: ValueType): Output {
    const key = `${type} ${Object.is(number, -0) ? '-0' : number}`;
    return this.share(key, () => this.constantOf(filled(number, 1, type), [], type));
  }

  reshape(x: Output, shape: readonly number[], type: DataType): Output {
    return this.add('Reshape', [x, this.integers(shape)], {
      T: typeAttribute(type),
      Tshape: typeAttribute('int32'),
    });
  }

  cast(x: Output, from: DataType, to: DataType): Output {
    return this.add('Cast', [x], { SrcT: typeAttribute(from), DstT: typeAttribute(to) });
  }

  /** Declares which output stands for a value of the traced graph. */
  define(value: Value, output: Output): void {
    this.outputs.set(value, output);
  }

  outputOf(value: Value): Output {
    return orThrow(this.outputs.get(value), 'a value is used before it is made');
  }

  private constantOf(data: ConstantData, shape: readonly number[], type: ValueType): Output {
    const tensorContent = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const tensor = { dtype: DATA_TYPES[type], tensorShape: shapeAttribute(shape).shape, tensorContent };
    return this.add('Const', [], { dtype: typeAttribute(type), value: { tensor } });
  }

  private share(key: string, make: () => Output): Output {
    const known = this.shared.get(key) ?? make();
    this.shared.set(key, known);
    return known;
  }
}
