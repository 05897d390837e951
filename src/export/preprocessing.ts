/** @file What td does with the pixels of an image before a network sees them, in words and as layers. */
import { sizeOf } from '../arrays.ts';
import type { Normalization } from '../data/types.ts';
import { type Layer, type Network, rebuild } from './network.ts';

/** The name of what the first layer of the network reads. */
const OUTPUT = 'preprocessed';

/** For those who feed an exported network. */
export function describePreprocessing(normalization: Normalization, isBuiltIn: boolean): string {
  if (isBuiltIn) return 'built in: the input takes pixels from 0 to 255';
  return normalization === 'scale'
    ? 'pixels from 0 to 255, divided by 255'
    : 'pixels of each image less their mean, divided by their standard deviation or by 1/sqrt(n), n their number, if that is larger';
}

/** The same network for pixels from 0 to 255. */
export function withPreprocessing(network: Network, normalization: Normalization): Network {
  return rebuild(network, (layer) => {
    if (layer.op !== 'input') return layer;
    return [layer, ...(normalization === 'scale' ? [scaled(layer)] : standardized(layer))];
  });
}

function scaled(pixels: Layer): Layer {
  return { op: 'multiply', name: OUTPUT, shape: pixels.shape, inputs: [pixels], number: 1 / 255 };
}

function standardized(pixels: Layer): Layer[] {
  const { shape } = pixels;
  const one = shape.map(() => 1);
  const meanOf = (name: string, input: Layer): Layer => ({
    op: 'mean',
    name: `${OUTPUT}.${name}`,
    shape: one,
    inputs: [input],
    axes: [...shape.keys()],
    keepDims: true,
  });
  const mean = meanOf('mean', pixels);
  const centred: Layer = { op: 'subtract', name: `${OUTPUT}.centred`, shape, inputs: [pixels, mean] };
  const squares: Layer = { op: 'square', name: `${OUTPUT}.squares`, shape, inputs: [centred] };
  const variance = meanOf('variance', squares);
  const root: Layer = { op: 'squareRoot', name: `${OUTPUT}.root`, shape: one, inputs: [variance] };
  const number = 1 / Math.sqrt(sizeOf(shape));
  const deviation: Layer = {
    op: 'maximum',
    name: `${OUTPUT}.deviation`,
    shape: one,
    inputs: [root],
    number,
  };
  const divided: Layer = { op: 'divide', name: OUTPUT, shape, inputs: [centred, deviation] };
  return [mean, centred, squares, variance, root, deviation, divided];
}
