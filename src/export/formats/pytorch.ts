/** @file A network for PyTorch: a safetensors file in PyTorch's names and layouts, and the calls that make a network of it. */
import { encodeTensors, type Tensor } from '../../files/safetensors.ts';
import { at } from '../../lookup.ts';
import { toChannelsFirst } from '../channels-first.ts';
import { channelsOf, isLinear, type Layer, type Linear } from '../network.ts';
import { transposeAxes } from '../transpose.ts';
import type { ExportFormat } from './types.ts';

/** Below every float32, where a pool must not find a maximum. */
const LOWEST = -3.4028234663852886e38;

/** A call of `torch.nn.functional` or `torch`. */
interface Call {
  readonly result: string;
  readonly function: string;
  /** Results of earlier calls. */
  readonly inputs: readonly string[];
  /** Tensors of the file, by the names of the arguments. */
  readonly tensors?: Readonly<Record<string, string>>;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** `docs/export/load_pytorch.py` is a reader of the metadata `calls`. */
export const pytorch: ExportFormat = {
  name: 'pytorch',
  summary: "safetensors in PyTorch's names and layouts, read by a short script",
  extension: '.pytorch.safetensors',
  layout: 'batch, channels, height, width',
  encode: (network, metadata) => {
    const { layers } = toChannelsFirst(network);
    const calls = JSON.stringify(layers.flatMap(callsOf));
    const input = at(layers, 0).name;
    const tensors = layers.flatMap(tensorsOf);
    return [{ name: 'network.safetensors', bytes: encodeTensors(tensors, { ...metadata, input, calls }) }];
  },
};

function floats(name: string, data: Float32Array, shape: readonly number[] = [data.length]): Tensor {
  return { name, dtype: 'F32', shape, data };
}

function tensorsOf(layer: Layer): Tensor[] {
  const { name } = layer;
  if (isLinear(layer)) {
    const order = layer.op === 'dense' ? [1, 0] : [3, 2, 0, 1];
    const { data, shape } = transposeAxes(layer.kernel, layer.kernelShape, order);
    const bias = layer.bias === undefined ? [] : [floats(`${name}.bias`, layer.bias)];
    return [floats(`${name}.weight`, data, shape), ...bias];
  }
  if (layer.op === 'batchNorm')
    return [
      floats(`${name}.weight`, layer.scale),
      floats(`${name}.bias`, layer.shift),
      floats(`${name}.running_mean`, layer.mean),
      floats(`${name}.running_var`, layer.variance),
    ];
  if (layer.op !== 'select') return [];
  const present = channelsOf(at(layer.inputs, 0));
  const data = Int32Array.from(layer.channels, (channel) => (channel < 0 ? present : channel));
  return [{ name: `${name}.channels`, dtype: 'I32', shape: [data.length], data }];
}

function callsOf(layer: Layer): Call[] {
  const { name: result } = layer;
  const inputs = layer.inputs.map(({ name }) => name);
  const call = (name: string, more: Partial<Call> = {}): Call[] => [
    { result, function: name, inputs, ...more },
  ];
  switch (layer.op) {
    case 'input':
      return [];
    case 'convolution':
      return behindPad(layer, 0, call('conv2d', { ...weights(layer), arguments: { stride: layer.strides } }));
    case 'dense':
      return call('linear', weights(layer));
    case 'batchNorm': {
      const roles = ['running_mean', 'running_var', 'weight', 'bias'];
      const tensors = Object.fromEntries(roles.map((role) => [role, `${result}.${role}`]));
      return call('batch_norm', { tensors, arguments: { eps: layer.epsilon } });
    }
    case 'maxPool': {
      const window = { kernel_size: layer.window, stride: layer.strides };
      return behindPad(layer, LOWEST, call('max_pool2d', { arguments: window }));
    }
    case 'mean': {
      const { length: rank } = at(layer.inputs, 0).shape;
      const dim = layer.axes.map((axis) => (axis === rank - 1 ? 1 : axis + 2));
      return call('mean', { arguments: { dim, keepdim: layer.keepDims } });
    }
    case 'flatten':
      return call('flatten', { arguments: { start_dim: 1 } });
    case 'select': {
      const pad = [...Array<number>(2 * (layer.shape.length - 1)).fill(0), 0, 1];
      const padded: Call = { result: `${result}.padded`, function: 'pad', inputs, arguments: { pad } };
      const hasZeros = layer.channels.includes(-1);
      const chosen = {
        inputs: hasZeros ? [padded.result] : inputs,
        tensors: { index: `${result}.channels` },
      };
      const selected = call('index_select', { ...chosen, arguments: { dim: 1 } });
      return hasZeros ? [padded, ...selected] : selected;
    }
    case 'relu':
    case 'square':
      return call(layer.op);
    case 'squareRoot':
      return call('sqrt');
    default: {
      const { op, number } = layer;
      if (op === 'maximum' && number !== undefined) return call('clamp', { arguments: { min: number } });
      const name = { add: 'add', subtract: 'sub', multiply: 'mul', divide: 'div', maximum: 'maximum' }[op];
      return call(name, number === undefined ? {} : { arguments: { other: number } });
    }
  }
}

function weights({ name, bias }: Linear): Pick<Call, 'tensors'> {
  return {
    tensors: { weight: `${name}.weight`, ...(bias === undefined ? {} : { bias: `${name}.bias` }) },
  };
}

/** PyTorch's own padding is the same on both sides; this one need not be. */
function behindPad(
  { name, pads: [top, left, bottom, right] }: Extract<Layer, { pads: unknown }>,
  value: number,
  [call]: readonly Call[],
): Call[] {
  if (call === undefined) return [];
  if (top + left + bottom + right === 0) return [call];
  const padded = `${name}.padded`;
  const pad: Call = {
    result: padded,
    function: 'pad',
    inputs: call.inputs,
    arguments: { pad: [left, right, top, bottom], value },
  };
  return [pad, { ...call, inputs: [padded] }];
}
