/** @file Writes a lowered graph as an ONNX model. */
import { type Attribute, type Attributes, filled, type Value } from '../../compiler/graph.ts';
import { at } from '../../lookup.ts';
import { ATTRIBUTE_TYPE, ELEMENT_TYPE, encodeModel } from './model-format.ts';
import type { OnnxCall, OnnxGraph, OnnxOperation } from './operators.ts';

const OPSET_VERSION = 18;
const IR_VERSION = 9;
/** onnxruntime's own blocked-layout and fused operators, all of them at version 1. */
const EXTENSION_VERSION = 1;

/** Integer operands that the lowered dialect keeps as attributes, by the names of these, in the order of ONNX's operands. */
function integerOperands(call: OnnxCall): Readonly<Record<string, readonly number[]>> {
  switch (call.op) {
    case 'Reshape':
    case 'Expand':
      return { shape: at(call.outputs, 0).shape };
    case 'MaxUnpool':
      return { output_shape: at(call.outputs, 0).shape };
    case 'Col2Im':
      return { image_shape: call.attributes.image_shape, block_shape: call.attributes.block_shape };
    case 'Slice':
      return { starts: call.attributes.starts, ends: call.attributes.ends };
    case 'Pad':
      return { pads: call.attributes.pads };
    case 'Tile':
      return { repeats: call.attributes.repeats };
    case 'TopK':
      // A selection whose size is computed has it among its inputs.
      return call.attributes.k === undefined ? {} : { k: [call.attributes.k] };
    case 'ReduceSum':
    case 'ReduceMean':
    case 'ReduceMax':
    case 'ReduceMin':
    case 'ReduceSumSquare':
      return { axes: call.attributes.axes };
    default:
      return {};
  }
}

/** Attributes of type float; all other numbers are integers. */
const FLOAT_ATTRIBUTES = new Set(['alpha', 'beta', 'epsilon', 'momentum', 'activation_params']);

/** Names values, and collects the tensors that the model carries. */
class ModelWriter {
  readonly nodes: object[] = [];
  readonly initializers: object[] = [];
  private readonly names = new Map<Value, string>();
  private readonly shared = new Map<string, string>();

  name(value: Value, name = `v${this.names.size}`): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    this.names.set(value, name);
    return name;
  }

  isNamed(value: Value): boolean {
    return this.names.has(value);
  }

  addInitializer(
    name: string,
    type: keyof typeof ELEMENT_TYPE,
    shape: readonly number[],
    data: ArrayBufferView,
  ): void {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push({ name, dims: shape, dataType: ELEMENT_TYPE[type], rawData });
  }

  /** The name of a vector of integers, shared between its users. */
  integers(numbers: readonly number[]): string {
    const key = `ints_${numbers.join('_')}`;
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    this.shared.set(key, key);
    this.addInitializer(key, 'int64', [numbers.length], BigInt64Array.from(numbers, BigInt));
    return key;
  }

  addOperation(operation: OnnxOperation, isUsed: (value: Value) => boolean): void {
    if (operation.data) {
      const output = at(operation.outputs, 0);
      this.addInitializer(this.name(output), output.type, output.shape, operation.data);
      return;
    }
    const operands = integerOperands(operation);
    const input = operation.inputs.map((value) => this.name(value));
    input.push(...Object.values(operands).map((numbers) => this.integers(numbers)));
    if (operation.op === 'Pad') input.push(this.padValue(operation));
    const attributes: Attributes = operation.attributes;
    const attribute = Object.entries(attributes).flatMap(([name, value]) => {
      const isOperand = name in operands || (operation.op === 'Pad' && name === 'value');
      return isOperand || value === undefined ? [] : encodeAttribute(name, value);
    });
    if (operation.op === 'Cast')
      attribute.push(encodeAttribute('to', ELEMENT_TYPE[at(operation.outputs, 0).type]));
    this.nodes.push({
      name: `${operation.op} ${this.nodes.length}`,
      opType: operation.op,
      domain: operation.domain ?? '',
      input,
      output: requiredOutputs(operation, isUsed).map((value) => this.name(value)),
      attribute,
    });
  }

  private padValue({ attributes, outputs }: OnnxCall<'Pad'>): string {
    const { type } = at(outputs, 0);
    const { value } = attributes;
    const name = `pad_${type}_${value}`;
    if (!this.shared.has(name)) this.addInitializer(name, type, [], filled(value, 1, type));
    this.shared.set(name, name);
    return name;
  }
}

/** The bytes of an ONNX model with the graph's inputs and outputs under their names. */
export function serialize(graph: OnnxGraph): Uint8Array {
  const writer = new ModelWriter();
  for (const { name, value } of graph.inputs) writer.name(value, name);
  const outputs = graph.outputs.map(({ name, value }) => {
    // An input passed through, or a value that leaves under two names, needs an operation of its own.
    const source = writer.isNamed(value) ? value : undefined;
    if (source === undefined) writer.name(value, name);
    return { name, value, source };
  });
  const used = new Set<Value>([
    ...graph.outputs.map(({ value }) => value),
    ...graph.operations.flatMap(({ inputs }) => inputs),
  ]);
  for (const operation of graph.operations) writer.addOperation(operation, (value) => used.has(value));
  for (const { name, source } of outputs) {
    if (source) writer.nodes.push({ opType: 'Identity', input: [writer.name(source)], output: [name] });
  }
  const domains = new Set(graph.operations.flatMap(({ domain }) => domain ?? []));
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: 'td',
    opsetImport: [
      { domain: '', version: OPSET_VERSION },
      ...[...domains].map((domain) => ({ domain, version: EXTENSION_VERSION })),
    ],
    graph: {
      name: 'step',
      node: writer.nodes,
      initializer: writer.initializers,
      input: graph.inputs.map(({ name, value }) => valueInfo(name, value)),
      output: outputs.map(({ name, value }) => valueInfo(name, value)),
    },
  });
}

function valueInfo(name: string, value: Value): object {
  const shape = { dim: value.shape.map((dimValue) => ({ dimValue })) };
  return { name, type: { tensorType: { elemType: ELEMENT_TYPE[value.type], shape } } };
}

/** A max-pool is faster when it need not report where the maxima were. */
function requiredOutputs({ op, outputs }: OnnxCall, isUsed: (value: Value) => boolean): readonly Value[] {
  return op === 'MaxPool' && outputs[1] && !isUsed(outputs[1]) ? outputs.slice(0, 1) : outputs;
}

function encodeAttribute(name: string, value: Attribute): object {
  if (typeof value === 'string') return { name, s: Buffer.from(value), type: ATTRIBUTE_TYPE.string };
  if (typeof value === 'boolean') return { name, i: Number(value), type: ATTRIBUTE_TYPE.int };
  if (typeof value !== 'number')
    return FLOAT_ATTRIBUTES.has(name)
      ? { name, floats: value, type: ATTRIBUTE_TYPE.floats }
      : { name, ints: value, type: ATTRIBUTE_TYPE.ints };
  return FLOAT_ATTRIBUTES.has(name)
    ? { name, f: value, type: ATTRIBUTE_TYPE.float }
    : { name, i: value, type: ATTRIBUTE_TYPE.int };
}
