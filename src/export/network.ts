/** @file A network as exported files describe it: layers with their numbers, each naming the layers that it reads. */
import { sizeOf } from '../arrays.ts';
import type { Margins, Pair } from '../compiler/kernels.ts';

interface LayerBase {
  /** Unique in its network: that of the parameters, for example `stage1.unit1.conv1`, or made from the operation. */
  readonly name: string;
  /** One image's, without the batch axis: `[height, width, channels]` or `[features]`. The last axis is the channel. */
  readonly shape: readonly number[];
  readonly inputs: readonly Layer[];
}

export interface Convolution extends LayerBase {
  readonly op: 'convolution';
  /** `[height, width, in, out]` */
  readonly kernelShape: readonly number[];
  readonly kernel: Float32Array;
  readonly bias?: Float32Array;
  readonly strides: Pair;
  readonly pads: Margins;
}

export interface Dense extends LayerBase {
  readonly op: 'dense';
  /** `[in, out]` */
  readonly kernelShape: readonly number[];
  readonly kernel: Float32Array;
  readonly bias?: Float32Array;
}

/** `scale · (x − mean) / sqrt(variance + epsilon) + shift`, channel by channel. */
export interface BatchNorm extends LayerBase {
  readonly op: 'batchNorm';
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
}

export interface MaxPool extends LayerBase {
  readonly op: 'maxPool';
  readonly window: Pair;
  readonly strides: Pair;
  readonly pads: Margins;
}

export interface Mean extends LayerBase {
  readonly op: 'mean';
  /** Of the shape without the batch axis. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** Chosen channels of the input, in this order; where the number is −1, a channel of zeros. */
export interface Select extends LayerBase {
  readonly op: 'select';
  readonly channels: readonly number[];
}

export const UNARY = {
  relu: (x: number) => Math.max(0, x),
  square: (x: number) => x * x,
  squareRoot: Math.sqrt,
};
export const BINARY = ['add', 'subtract', 'multiply', 'divide', 'maximum'] as const;

export interface Unary extends LayerBase {
  readonly op: keyof typeof UNARY;
}

export interface Binary extends LayerBase {
  readonly op: (typeof BINARY)[number];
  /** The second operand, where it is a number and no layer. */
  readonly number?: number;
}

export interface Plain extends LayerBase {
  readonly op: 'input' | 'flatten';
}

/** A layer that multiplies by a kernel. */
export type Linear = Convolution | Dense;

export type Layer = Linear | BatchNorm | MaxPool | Mean | Select | Unary | Binary | Plain;

export interface Network {
  /** In an order in which every layer comes after those that it reads; the first is the only input, the last gives the logits. */
  readonly layers: readonly Layer[];
}

export function isLinear(layer: Layer): layer is Linear {
  return layer.op === 'convolution' || layer.op === 'dense';
}

export function isUnary(layer: Layer): layer is Unary {
  return layer.op in UNARY;
}

export function isBinary(layer: Layer): layer is Binary {
  return BINARY.some((op) => op === layer.op);
}

/** How many numbers the last axis has. */
export function channelsOf({ shape }: Pick<Layer, 'shape'>): number {
  return shape.at(-1) ?? 1;
}

/** The layers that read each layer. */
export function consumersOf({ layers }: Network): ReadonlyMap<Layer, readonly Layer[]> {
  const consumers = new Map<Layer, Layer[]>(layers.map((layer) => [layer, []]));
  for (const layer of layers) for (const input of layer.inputs) consumers.get(input)?.push(layer);
  return consumers;
}

/**
 * Rebuilds a network layer by layer.
 *
 * @param replace gets a layer whose inputs are replaced already, and the layer as it was; returns what stands for it, the last of
 *   several reading those before it
 */
export function rebuild(
  { layers }: Network,
  replace: (layer: Layer, original: Layer) => Layer | readonly Layer[],
): Network {
  const replaced = new Map<Layer, Layer>();
  const built = new Set<Layer>();
  for (const original of layers) {
    const inputs = original.inputs.map((input) => replaced.get(input) ?? input);
    const made = [replace({ ...original, inputs }, original)].flat();
    for (const layer of made) built.add(layer);
    const last = made.at(-1);
    if (last !== undefined) replaced.set(original, last);
  }
  return { layers: [...built] };
}

/** The arrays of a layer by role, with their shapes; none for a layer without numbers of its own. */
export function arraysOf(
  layer: Layer,
): readonly { readonly role: string; readonly shape: readonly number[]; readonly data: Float32Array }[] {
  if (isLinear(layer)) {
    const kernel = { role: 'kernel', shape: layer.kernelShape, data: layer.kernel };
    return layer.bias === undefined
      ? [kernel]
      : [kernel, { role: 'bias', shape: [layer.bias.length], data: layer.bias }];
  }
  if (layer.op !== 'batchNorm') return [];
  return (['scale', 'shift', 'mean', 'variance'] as const).map((role) => ({
    role,
    shape: [layer[role].length],
    data: layer[role],
  }));
}

/** What a network takes to store and to run. */
export interface NetworkSize {
  /** Numbers that it holds: kernels, biases, batch normalisation with its averages. */
  readonly parameters: number;
  /** Of them not zero. */
  readonly nonzero: number;
  /** For one image: entries of each kernel times the positions at which it is applied. */
  readonly multiplyAdds: number;
}

export function sizeOfNetwork({ layers }: Network): NetworkSize {
  const arrays = layers.flatMap((layer) => arraysOf(layer).map(({ data }) => data));
  return {
    parameters: sum(arrays.map((data) => data.length)),
    nonzero: sum(arrays.map((data) => data.reduce((count, entry) => count + (entry === 0 ? 0 : 1), 0))),
    multiplyAdds: sum(
      layers.filter(isLinear).map((layer) => layer.kernel.length * sizeOf(layer.shape.slice(0, -1))),
    ),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
