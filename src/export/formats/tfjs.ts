/** @file A network as a graph model of TensorFlow.js: model.json and a file of weights, for `tf.loadGraphModel`. */
import { createHash } from 'node:crypto';
import { UserError } from '../../errors.ts';
import { at } from '../../lookup.ts';
import { factorsOf } from '../fold.ts';
import { channelsOf, isUnary, type Layer, type Network } from '../network.ts';
import type { ExportFormat } from './types.ts';

type Data = Float32Array | Int32Array;

/** An attribute of a node, as the JSON form of TensorFlow's protocol buffers has it. */
type Attributes = Readonly<Record<string, object>>;

const FLOAT: Attributes = { T: { type: 'DT_FLOAT' } };
const INTEGER_INDEX: Attributes = { Tidx: { type: 'DT_INT32' } };

export const tfjs: ExportFormat = {
  name: 'tfjs',
  summary: 'for TensorFlow.js, in a browser or elsewhere: a folder for tf.loadGraphModel',
  layout: 'batch, height, width, channels',
  encode: (network, metadata) => {
    const writer = new TfjsWriter(network);
    const weights = Buffer.concat(writer.data.map(({ data }) => bytesOf(data)));
    // A new model.json never meets old weights: their file is named by what it holds.
    const name = `weights.${createHash('sha256').update(weights).digest('hex').slice(0, 8)}.bin`;
    const [first, last] = [at(network.layers, 0), at(network.layers, network.layers.length - 1)];
    const model = {
      format: 'graph-model',
      generatedBy: 'td',
      convertedBy: null,
      signature: {
        inputs: { images: describeTensor(first) },
        outputs: { logits: describeTensor(last) },
      },
      userDefinedMetadata: metadata,
      modelTopology: { node: writer.nodes, library: {}, versions: {} },
      weightsManifest: [
        {
          paths: [name],
          weights: writer.data.map(({ name, shape, data }) => ({
            name,
            shape,
            dtype: data instanceof Int32Array ? 'int32' : 'float32',
          })),
        },
      ],
    };
    return [
      { name, bytes: weights },
      { name: 'model.json', bytes: Buffer.from(JSON.stringify(model)) },
    ];
  },
};

function bytesOf(data: Data): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function describeTensor({ name, shape }: Layer): object {
  const dim = [-1, ...shape].map((size) => ({ size: String(size) }));
  return { name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape: { dim } };
}

const list = (numbers: readonly number[]) => ({ list: { i: numbers.map(String) } });
const text = (word: string) => ({ s: Buffer.from(word).toString('base64') });

class TfjsWriter {
  readonly nodes: object[] = [];
  readonly data: { readonly name: string; readonly shape: readonly number[]; readonly data: Data }[] = [];

  constructor({ layers }: Network) {
    for (const layer of layers) this.add(layer);
  }

  /** @returns the name of the layer's result */
  private add(layer: Layer): string {
    const { name, shape } = layer;
    const inputs = layer.inputs.map((input) => input.name);
    const [first = ''] = inputs;
    if (isUnary(layer)) {
      const op = { relu: 'Relu', square: 'Square', squareRoot: 'Sqrt' }[layer.op];
      return this.node(name, op, inputs);
    }
    switch (layer.op) {
      case 'input': {
        const dim = [-1, ...shape].map((size) => ({ size: String(size) }));
        this.nodes.push({ name, op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim } } } }); // biome-ignore format: one node
        return name;
      }
      case 'convolution': {
        const kernel = this.constant(`${name}/kernel`, layer.kernel, layer.kernelShape);
        const attributes = { ...imageAttributes(layer), dilations: list([1, 1, 1, 1]) };
        return this.withBias(name, layer.bias, (own) =>
          this.node(own, 'Conv2D', [first, kernel], attributes),
        );
      }
      case 'dense': {
        const kernel = this.constant(`${name}/kernel`, layer.kernel, layer.kernelShape);
        const attributes = { transpose_a: { b: false }, transpose_b: { b: false } };
        return this.withBias(name, layer.bias, (own) =>
          this.node(own, 'MatMul', [first, kernel], attributes),
        );
      }
      case 'batchNorm': {
        const factors = factorsOf(layer);
        const offsets = factors.map(
          (factor, channel) => at(layer.shift, channel) - at(layer.mean, channel) * factor,
        );
        const factor = this.constant(`${name}/factor`, Float32Array.from(factors));
        this.node(`${name}/scaled`, 'Mul', [first, factor]);
        const offset = this.constant(`${name}/offset`, Float32Array.from(offsets));
        return this.node(name, 'AddV2', [`${name}/scaled`, offset]);
      }
      case 'maxPool': {
        const ksize = list([1, ...layer.window, 1]);
        return this.node(name, 'MaxPool', [first], { ...imageAttributes(layer), ksize });
      }
      case 'mean': {
        const axes = this.integers(
          `${name}/axes`,
          layer.axes.map((axis) => axis + 1),
        );
        const attributes = { ...INTEGER_INDEX, keep_dims: { b: layer.keepDims } };
        return this.node(name, 'Mean', [first, axes], attributes);
      }
      case 'flatten': {
        const target = this.integers(`${name}/shape`, [-1, ...shape]);
        return this.node(name, 'Reshape', [first, target], { Tshape: { type: 'DT_INT32' } });
      }
      case 'select':
        return this.select(layer.channels, layer, first);
      default: {
        const { op, number } = layer;
        const operators = {
          add: 'AddV2',
          subtract: 'Sub',
          multiply: 'Mul',
          divide: 'RealDiv',
          maximum: 'Maximum',
        };
        if (number !== undefined) inputs.push(this.constant(`${name}/number`, Float32Array.of(number), []));
        return this.node(name, operators[op], inputs);
      }
    }
  }

  /** A channel of zeros is added behind the others, for those that the input lacks. */
  private select(channels: readonly number[], layer: Layer, input: string): string {
    const { name } = layer;
    const present = channelsOf(at(layer.inputs, 0));
    const hasZeros = channels.includes(-1);
    const rank = layer.shape.length + 1;
    if (hasZeros) {
      const paddings = Array.from({ length: 2 * rank }, (_, index) => (index === 2 * rank - 1 ? 1 : 0));
      const operand = this.constant(`${name}/paddings`, Int32Array.from(paddings), [rank, 2]);
      this.node(`${name}/padded`, 'Pad', [input, operand], { Tpaddings: { type: 'DT_INT32' } });
    }
    const indices = this.integers(
      `${name}/channels`,
      channels.map((channel) => (channel < 0 ? present : channel)),
    );
    const axis = this.constant(`${name}/axis`, Int32Array.of(rank - 1), []);
    const types = {
      Tparams: { type: 'DT_FLOAT' },
      Tindices: { type: 'DT_INT32' },
      Taxis: { type: 'DT_INT32' },
    };
    return this.node(name, 'GatherV2', [hasZeros ? `${name}/padded` : input, indices, axis], {
      ...types,
      batch_dims: { i: '0' },
    });
  }

  /** @param make adds the node without bias, under this name */
  private withBias(name: string, bias: Float32Array | undefined, make: (own: string) => string): string {
    if (bias === undefined) return make(name);
    make(`${name}/product`);
    const operand = this.constant(`${name}/bias`, bias);
    return this.node(name, 'BiasAdd', [`${name}/product`, operand], { data_format: text('NHWC') });
  }

  private node(name: string, op: string, input: readonly string[], attributes: Attributes = {}): string {
    this.nodes.push({ name, op, input, attr: { ...FLOAT, ...attributes } });
    return name;
  }

  private integers(name: string, numbers: readonly number[]): string {
    return this.constant(name, Int32Array.from(numbers));
  }

  private constant(name: string, data: Data, shape: readonly number[] = [data.length]): string {
    const dtype = data instanceof Int32Array ? 'DT_INT32' : 'DT_FLOAT';
    const tensorShape = { dim: shape.map((size) => ({ size: String(size) })) };
    const attr = { dtype: { type: dtype }, value: { tensor: { dtype, tensorShape } } };
    this.nodes.push({ name, op: 'Const', attr });
    this.data.push({ name, shape, data });
    return name;
  }
}

/** Steps and padding of a convolution or a pool, by TensorFlow's names for it. */
function imageAttributes(layer: Extract<Layer, { pads: unknown }>): Attributes {
  const strides = list([1, ...layer.strides, 1]);
  return { strides, padding: text(paddingOf(layer)), data_format: text('NHWC') };
}

function paddingOf(layer: Extract<Layer, { pads: unknown }>): 'SAME' | 'VALID' {
  if (layer.pads.every((pad) => pad === 0)) return 'VALID';
  const window = layer.op === 'maxPool' ? layer.window : layer.kernelShape.slice(0, 2);
  const same = [0, 1].map((axis) => {
    const [input, output] = [at(at(layer.inputs, 0).shape, axis), at(layer.shape, axis)];
    const total = Math.max(0, (output - 1) * at(layer.strides, axis) + at(window, axis) - input);
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const;
  });
  const [[top, bottom], [left, right]] = same as [readonly [number, number], readonly [number, number]];
  if (String([top, left, bottom, right]) === String(layer.pads)) return 'SAME';
  throw new UserError(
    `this model cannot be exported to tfjs: the padding of ${layer.name} has no name in TensorFlow`,
  );
}
