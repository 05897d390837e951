/** @file Takes channels that are the same for every image out of a network: their filters, and what the next layers make of them. */
import { at } from '../lookup.ts';
import { type Constants, findConstants, isPadded } from './constant-channels.ts';
import { findCarrier, isScatteredSum, type KeptChannels, keepChannels } from './kept-channels.ts';
import { isLinear, type Layer, type Linear, type Network, rebuild, type Select } from './network.ts';

/**
 * A network with fewer channels whose logits are those of the given one up to rounding. What a layer makes of constant channels
 * moves into its bias, or where zeros are padded into the rows of one channel that is kept to carry them. Operands of a sum keep
 * their own channels only: the sum scatters them to its own.
 */
export function compactNetwork(network: Network): Network {
  const constants = findConstants(network);
  const kept = keepChannels(network, constants);
  return rebuild(network, (layer, original) => {
    const shape = [...original.shape.slice(0, -1), keptOf(kept, original).length];
    if (isLinear(layer)) return { ...cutLinear(layer, original, constants, kept), shape };
    if (layer.op === 'batchNorm') {
      const pick = (numbers: Float32Array) =>
        Float32Array.from(keptOf(kept, original), (channel) => at(numbers, channel));
      const [scale, shift] = [pick(layer.scale), pick(layer.shift)];
      return { ...layer, shape, scale, shift, mean: pick(layer.mean), variance: pick(layer.variance) };
    }
    if (!isScatteredSum(original)) return { ...layer, shape };
    const scattered = layer.inputs.map((input, index) => {
      const operand = at(original.inputs, index);
      return select(input, keptOf(kept, operand), keptOf(kept, original), `${layer.name}.${index + 1}`);
    });
    const added = scattered.filter((operand, index) => operand !== layer.inputs[index]);
    return [...added, { ...layer, shape, inputs: scattered }];
  });
}

const NOTHING: readonly number[] = [];

function keptOf(kept: KeptChannels, layer: Layer): readonly number[] {
  return kept.get(layer) ?? [];
}

/** The input itself, if it has just the channels that are wanted. */
function select(
  input: Layer,
  present: readonly number[],
  wanted: readonly number[],
  name: string,
): Layer | Select {
  const channels = wanted.map((channel) => present.indexOf(channel));
  if (present.length === wanted.length && channels.every((channel, index) => channel === index)) return input;
  const shape = [...input.shape.slice(0, -1), wanted.length];
  return { op: 'select', name, inputs: [input], shape, channels };
}

/** Kernel rows of the channels that the input keeps, columns of those that the layer keeps. */
function cutLinear(
  layer: Linear,
  original: Layer,
  constants: ReadonlyMap<Layer, Constants>,
  kept: KeptChannels,
): Linear {
  const input = at(original.inputs, 0);
  const inputs = constants.get(input) ?? new Float64Array();
  const [rows, columns] = [keptOf(kept, input), keptOf(kept, original)];
  const present = new Uint8Array(inputs.length);
  for (const row of rows) present[row] = 1;
  const padded = isPadded(layer);
  const carrier = padded ? findCarrier(inputs, (channel) => present[channel] === 1) : undefined;
  // Of a convolution, taps are the outermost; a dense layer has one.
  const taps = layer.op === 'convolution' ? layer.kernelShape.slice(0, 2) : [];
  const tapCount = taps.reduce((product, extent) => product * extent, 1);
  const allColumns = at(layer.kernelShape, layer.kernelShape.length - 1);
  const entryAt = (tap: number, row: number, column: number): number =>
    at(layer.kernel, (tap * inputs.length + row) * allColumns + column);
  const absent = [...inputs.keys()].filter((row) => present[row] === 0 && inputs[row] !== 0);
  const kernel = new Float32Array(tapCount * rows.length * columns.length);
  const bias = Float64Array.from(columns, (column) => layer.bias?.[column] ?? 0);
  let end = 0;
  for (let tap = 0; tap < tapCount; tap++)
    for (const row of rows) {
      const carried = row === carrier ? absent : NOTHING;
      for (const column of columns) {
        let entry = entryAt(tap, row, column);
        for (const other of carried)
          entry += (at(inputs, other) / at(inputs, row)) * entryAt(tap, other, column);
        kernel[end++] = entry;
      }
    }
  if (!padded)
    for (const [index, column] of columns.entries())
      for (let tap = 0; tap < tapCount; tap++)
        for (const row of absent) bias[index] = at(bias, index) + at(inputs, row) * entryAt(tap, row, column);
  const hasBias = layer.bias !== undefined || bias.some((entry) => entry !== 0);
  const { bias: _, ...rest } = layer;
  return {
    ...rest,
    kernelShape: [...taps, rows.length, columns.length],
    kernel,
    ...(hasBias ? { bias: Float32Array.from(bias) } : {}),
  };
}
