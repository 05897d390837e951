/** @file A network as an ONNX file: channels before height and width, any number of images. */
import { ATTRIBUTE_TYPE, ELEMENT_TYPE, encodeModel } from '../../engines/onnx/model-format.ts';
import { at } from '../../lookup.ts';
import { toChannelsFirst } from '../channels-first.ts';
import { type Convolution, channelsOf, type Dense, type Layer, type Network } from '../network.ts';
import { transposeAxes } from '../transpose.ts';

const OPSET_VERSION = 18;
const IR_VERSION = 9;

/** Names of the only input, `[batch, channels, height, width]`, and the only output, `[batch, classes]`. */
export const ONNX_INPUT = 'images';
export const ONNX_OUTPUT = 'logits';

/** @param metadata words about the network, which readers show and programs may read */
export function encodeOnnx(network: Network, metadata: Readonly<Record<string, string>>): Uint8Array {
  const { layers } = toChannelsFirst(network);
  const writer = new OnnxWriter(at(layers, layers.length - 1));
  for (const layer of layers) writer.add(layer);
  const [first, last] = [at(layers, 0), at(layers, layers.length - 1)];
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: 'td',
    opsetImport: [{ domain: '', version: OPSET_VERSION }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: 'network',
      node: writer.nodes,
      initializer: writer.initializers,
      input: [describeValue(ONNX_INPUT, channelsFirst(first.shape))],
      output: [describeValue(ONNX_OUTPUT, last.shape)],
    },
  });
}

function describeValue(name: string, shape: readonly number[]): object {
  const dim = [{ dimParam: 'batch' }, ...shape.map((dimValue) => ({ dimValue }))];
  return { name, type: { tensorType: { elemType: ELEMENT_TYPE.float32, shape: { dim } } } };
}

function channelsFirst(shape: readonly number[]): number[] {
  return [...shape.slice(-1), ...shape.slice(0, -1)];
}

/** Where an axis of a layer's shape stands when the batch comes first and the channels second. */
function axisOf(axis: number, rank: number): number {
  return axis === rank - 1 ? 1 : axis + 2;
}

type Attribute = { readonly name: string } & Readonly<Record<string, unknown>>;

const ints = (name: string, numbers: readonly number[]): Attribute => ({
  name,
  ints: numbers,
  type: ATTRIBUTE_TYPE.ints,
});
const int = (name: string, number: number): Attribute => ({ name, i: number, type: ATTRIBUTE_TYPE.int });

class OnnxWriter {
  readonly nodes: object[] = [];
  readonly initializers: object[] = [];

  constructor(private readonly last: Layer) {}

  /** @returns the name of the layer's result */
  add(layer: Layer): string {
    const inputs = layer.inputs.map((input) => this.nameOf(input));
    const [first = ''] = inputs;
    switch (layer.op) {
      case 'input':
        return this.nameOf(layer);
      case 'convolution':
        return this.convolution(layer, first);
      case 'dense':
        return this.dense(layer, first);
      case 'batchNorm': {
        const arrays = [layer.scale, layer.shift, layer.mean, layer.variance];
        const roles = ['scale', 'shift', 'mean', 'variance'];
        const names = arrays.map((data, index) => this.floats(`${layer.name}.${at(roles, index)}`, data));
        const epsilon = { name: 'epsilon', f: layer.epsilon, type: ATTRIBUTE_TYPE.float };
        return this.node(layer, 'BatchNormalization', [first, ...names], [epsilon]);
      }
      case 'maxPool': {
        const attributes = [ints('kernel_shape', layer.window), ints('strides', layer.strides)];
        return this.node(layer, 'MaxPool', [first], [...attributes, ints('pads', layer.pads)]);
      }
      case 'mean': {
        const { length: rank } = at(layer.inputs, 0).shape;
        const axes = layer.axes.map((axis) => axisOf(axis, rank)).toSorted((a, b) => a - b);
        const operand = this.integers(`${layer.name}.axes`, axes);
        return this.node(layer, 'ReduceMean', [first, operand], [int('keepdims', Number(layer.keepDims))]);
      }
      case 'flatten':
        return this.node(layer, 'Flatten', [first], [int('axis', 1)]);
      case 'select':
        return this.select(layer.channels, layer, first);
      case 'relu':
        return this.node(layer, 'Relu', [first]);
      case 'square':
        return this.node(layer, 'Mul', [first, first]);
      case 'squareRoot':
        return this.node(layer, 'Sqrt', [first]);
      default: {
        const { op, number } = layer;
        const operator = { add: 'Add', subtract: 'Sub', multiply: 'Mul', divide: 'Div', maximum: 'Max' }[op];
        if (number !== undefined)
          inputs.push(this.floats(`${layer.name}.number`, Float32Array.of(number), []));
        return this.node(layer, operator, inputs);
      }
    }
  }

  private convolution(layer: Convolution, input: string): string {
    const [height, width] = [at(layer.kernelShape, 0), at(layer.kernelShape, 1)];
    const kernel = transposeAxes(layer.kernel, layer.kernelShape, [3, 2, 0, 1]);
    const names = [this.floats(`${layer.name}.weight`, kernel.data, kernel.shape), ...this.bias(layer)];
    const attributes = [ints('kernel_shape', [height, width]), ints('strides', layer.strides)];
    return this.node(layer, 'Conv', [input, ...names], [...attributes, ints('pads', layer.pads)]);
  }

  private dense(layer: Dense, input: string): string {
    const kernel = transposeAxes(layer.kernel, layer.kernelShape, [1, 0]);
    const names = [this.floats(`${layer.name}.weight`, kernel.data, kernel.shape), ...this.bias(layer)];
    return this.node(layer, 'Gemm', [input, ...names], [int('transB', 1)]);
  }

  private bias({ name, bias }: Convolution | Dense): string[] {
    return bias === undefined ? [] : [this.floats(`${name}.bias`, bias)];
  }

  /** A channel of zeros is added behind the others, for those that the input lacks. */
  private select(channels: readonly number[], layer: Layer, input: string): string {
    const present = channelsOf(at(layer.inputs, 0));
    const hasZeros = channels.includes(-1);
    let source = input;
    if (hasZeros) {
      source = `${layer.name}.padded`;
      const rank = layer.shape.length + 1;
      const pads = Array.from({ length: 2 * rank }, (_, index) => (index === rank + 1 ? 1 : 0));
      this.nodes.push({
        name: source,
        opType: 'Pad',
        input: [input, this.integers(`${layer.name}.pads`, pads)],
        output: [source],
      });
    }
    const indices = channels.map((channel) => (channel < 0 ? present : channel));
    const names = [source, this.integers(`${layer.name}.channels`, indices)];
    return this.node(layer, 'Gather', names, [int('axis', 1)]);
  }

  private node(
    layer: Layer,
    opType: string,
    input: readonly string[],
    attribute: readonly Attribute[] = [],
  ): string {
    const output = this.nameOf(layer);
    this.nodes.push({ name: layer.name, opType, input, output: [output], attribute });
    return output;
  }

  private nameOf(layer: Layer): string {
    return layer === this.last ? ONNX_OUTPUT : layer.name;
  }

  private floats(name: string, data: Float32Array, dims: readonly number[] = [data.length]): string {
    return this.initializer(name, ELEMENT_TYPE.float32, data, dims);
  }

  private integers(name: string, numbers: readonly number[]): string {
    return this.initializer(name, ELEMENT_TYPE.int64, BigInt64Array.from(numbers, BigInt), [numbers.length]);
  }

  private initializer(
    name: string,
    dataType: number,
    data: ArrayBufferView,
    dims: readonly number[],
  ): string {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push({ name, dims, dataType, rawData });
    return name;
  }
}
