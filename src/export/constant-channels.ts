/** @file Which channels of each layer are the same number for every image: what pruning of units leaves behind. */
import { at } from '../lookup.ts';
import { normalizeNumber } from './fold.ts';
import {
  type Convolution,
  channelsOf,
  isLinear,
  isUnary,
  type Layer,
  type Linear,
  type Network,
  UNARY,
} from './network.ts';

/** One number a channel; NaN where it depends on the image. */
export type Constants = Float64Array;

/**
 * A channel whose filter is zero is its bias, wherever it stands in the image; batch normalisation, ReLU, pools and means make
 * another number of it. Padding with zeros makes a constant channel that is not zero count less at the edges of what the next
 * convolution makes of it, so that is no constant.
 */
export function findConstants({ layers }: Network): ReadonlyMap<Layer, Constants> {
  const found = new Map<Layer, Constants>();
  for (const layer of layers) {
    const inputs = layer.inputs.map((input) => found.get(input) ?? new Float64Array());
    found.set(layer, constantsOf(layer, inputs));
  }
  return found;
}

function constantsOf(layer: Layer, inputs: readonly Constants[]): Constants {
  const [first, second] = inputs;
  const channels = channelsOf(layer);
  const unknown = new Float64Array(channels).fill(Number.NaN);
  if (first === undefined) return unknown;
  if (isLinear(layer)) return linearConstants(layer, first);
  if (layer.op === 'batchNorm')
    return first.map((x, channel) =>
      // A scale of zero makes a constant of anything.
      normalizeNumber(layer, channel, layer.scale[channel] === 0 ? 0 : x),
    );
  if (isUnary(layer)) return first.map(UNARY[layer.op]);
  switch (layer.op) {
    case 'maxPool':
      return first;
    case 'flatten':
      return unknown.map((_, feature) => at(first, feature % first.length));
    case 'mean':
      return keepsChannels(layer) ? first : unknown;
    case 'add':
      return layer.number === undefined && second !== undefined && second.length === first.length
        ? first.map((x, channel) => x + at(second, channel))
        : unknown;
    default:
      return unknown;
  }
}

/** Whether a mean leaves the channels what they are. */
export function keepsChannels({
  axes,
  inputs,
}: {
  readonly axes: readonly number[];
  readonly inputs: readonly Layer[];
}): boolean {
  return !axes.includes((inputs[0]?.shape.length ?? 0) - 1);
}

/** Whether zeros stand around the input. */
export function isPadded(layer: Linear): layer is Convolution {
  return layer.op === 'convolution' && layer.pads.some((pad) => pad > 0);
}

function linearConstants(layer: Linear, inputs: Constants): Constants {
  const columns = channelsOf(layer);
  const sums = Float64Array.from({ length: columns }, (_, column) => layer.bias?.[column] ?? 0);
  const padded = isPadded(layer);
  for (let index = 0; index < layer.kernel.length; index++) {
    const entry = at(layer.kernel, index);
    if (entry === 0) continue;
    const input = at(inputs, Math.floor(index / columns) % inputs.length);
    if (input === 0) continue;
    const column = index % columns;
    sums[column] = padded ? Number.NaN : at(sums, column) + entry * input;
  }
  return sums;
}
