/** @file Takes batch normalisation into the layer before it, where nothing else reads that layer. */
import { at } from '../lookup.ts';
import { type BatchNorm, consumersOf, isLinear, type Linear, type Network, rebuild } from './network.ts';

/**
 * A network that computes the same: `scale · (x·K + b − mean) / sqrt(variance + epsilon) + shift` becomes one kernel and one bias.
 * Batch normalisation behind a sum stays.
 */
export function foldBatchNorms(network: Network): Network {
  const consumers = consumersOf(network);
  return dropUnread(
    rebuild(network, (layer, original) => {
      if (layer.op !== 'batchNorm') return layer;
      const [input] = layer.inputs;
      const isOnly = consumers.get(at(original.inputs, 0))?.length === 1;
      return input !== undefined && isLinear(input) && isOnly ? fold(input, layer) : layer;
    }),
  );
}

/** The factor of each channel. */
export function factorsOf({ scale, variance, epsilon }: BatchNorm): Float64Array {
  return Float64Array.from(scale, (factor, channel) => factor / Math.sqrt(at(variance, channel) + epsilon));
}

/** What batch normalisation makes of one number in a channel. */
export function normalizeNumber(norm: BatchNorm, channel: number, x: number): number {
  const { scale, shift, mean, variance, epsilon } = norm;
  const factor = at(scale, channel) / Math.sqrt(at(variance, channel) + epsilon);
  return (x - at(mean, channel)) * factor + at(shift, channel);
}

function fold(layer: Linear, norm: BatchNorm): Linear {
  const factors = factorsOf(norm);
  const columns = factors.length;
  return {
    ...layer,
    kernel: layer.kernel.map((entry, index) => entry * at(factors, index % columns)),
    bias: Float32Array.from({ length: columns }, (_, channel) =>
      normalizeNumber(norm, channel, layer.bias?.[channel] ?? 0),
    ),
  };
}

/** The layer that was folded still stands in the list, and nobody reads it. */
function dropUnread(network: Network): Network {
  const consumers = consumersOf(network);
  const last = network.layers.at(-1);
  return {
    layers: network.layers.filter((layer) => layer === last || (consumers.get(layer)?.length ?? 0) > 0),
  };
}
