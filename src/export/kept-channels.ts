/** @file Which channels of each layer a compacted network keeps. */
import { getOrMake } from '../maps.ts';
import { type Constants, isPadded, keepsChannels } from './constant-channels.ts';
import { channelsOf, isBinary, isLinear, isUnary, type Layer, type Linear, type Network } from './network.ts';

/** Numbers of channels, rising. */
export type KeptChannels = ReadonlyMap<Layer, readonly number[]>;

/** Layers that have their channels in common, since each of them works on every channel by itself. */
interface Group {
  /** Whether each channel is kept. */
  readonly kept: Uint8Array;
}

/**
 * Keeps each channel that depends on the image, and of the constant ones as few as can be:
 *
 * * A padded convolution that reads constants other than zero keeps one of them, the largest, to carry all: its rows are the sum of
 *   theirs. Zeros stand around it as they stood around them.
 * * A sum keeps in each operand the constants other than zero of the channels that the sum has. It has those of either operand.
 * * A layer keeps one channel, if it has none that depends on the image.
 */
export function keepChannels(network: Network, constants: ReadonlyMap<Layer, Constants>): KeptChannels {
  const groups = groupLayers(network);
  const groupOf = (layer: Layer): Group => groups.get(layer) as Group;
  const constantsOf = (layer: Layer): Constants => constants.get(layer) as Constants;
  let hasChanged = false;
  const keep = (layer: Layer, channel: number): void => {
    const { kept } = groupOf(layer);
    if (kept[channel % kept.length] === 1) return;
    kept[channel % kept.length] = 1;
    hasChanged = true;
  };
  for (const layer of network.layers)
    for (const [channel, constant] of constantsOf(layer).entries())
      if (Number.isNaN(constant)) keep(layer, channel);
  const last = network.layers.at(-1);
  do {
    hasChanged = false;
    for (const layer of network.layers.toReversed()) {
      const all = (needed: Layer) => {
        for (let channel = 0; channel < channelsOf(needed); channel++) keep(needed, channel);
      };
      if (layer === last || layer.op === 'input') all(layer);
      if (!groupOf(layer).kept.includes(1)) keep(layer, 0);
      if (isLinear(layer)) keepCarrier(layer, groupOf, constantsOf, keep);
      else if (isScatteredSum(layer)) {
        for (const [channel, isKept] of groupOf(layer).kept.entries())
          for (const input of layer.inputs)
            if (isKept === 1 && constantsOf(input)[channel] !== 0) keep(input, channel);
      } else if (isBinary(layer) || (layer.op === 'mean' && !keepsChannels(layer)))
        for (const needed of [layer, ...layer.inputs]) all(needed);
    }
  } while (hasChanged);
  return new Map(
    network.layers.map((layer) => {
      const { kept } = groupOf(layer);
      const channels = Array.from({ length: channelsOf(layer) }, (_, channel) => channel);
      return [layer, channels.filter((channel) => kept[channel % kept.length] === 1)];
    }),
  );
}

/** A sum of two layers of one shape, in which the channels that an operand lacks are zero. */
export function isScatteredSum(layer: Layer): boolean {
  const [first, second] = layer.inputs;
  return layer.op === 'add' && second !== undefined && String(first?.shape) === String(second.shape);
}

/** The channel that carries the constants which the kept channels lack; nothing if those are all zero. */
export function findCarrier(constants: Constants, isKept: (channel: number) => boolean): number | undefined {
  const channels = [...constants.keys()].filter((channel) => {
    const constant = constants[channel];
    return constant !== 0 && !Number.isNaN(constant);
  });
  if (channels.every(isKept)) return undefined;
  const sizeOf = (channel: number): number => Math.abs(constants[channel] ?? 0);
  return channels.toSorted((a, b) => sizeOf(b) - sizeOf(a))[0];
}

function keepCarrier(
  layer: Linear,
  groupOf: (layer: Layer) => Group,
  constantsOf: (layer: Layer) => Constants,
  keep: (layer: Layer, channel: number) => void,
): void {
  const [input] = layer.inputs;
  if (input === undefined || !isPadded(layer)) return;
  const { kept } = groupOf(input);
  const carrier = findCarrier(constantsOf(input), (channel) => kept[channel] === 1);
  if (carrier !== undefined) keep(input, carrier);
}

function groupLayers({ layers }: Network): ReadonlyMap<Layer, Group> {
  const groups = new Map<Layer, Group>();
  for (const layer of layers) {
    const [input] = layer.inputs;
    const isChannelwise =
      layer.op === 'batchNorm' ||
      layer.op === 'maxPool' ||
      layer.op === 'flatten' ||
      isUnary(layer) ||
      (layer.op === 'mean' && keepsChannels(layer));
    const own = isChannelwise && input !== undefined ? groups.get(input) : undefined;
    getOrMake(groups, layer, () => own ?? { kept: new Uint8Array(channelsOf(layer)) });
  }
  return groups;
}
