/** @file Dense layers for images whose channels come before height and width, as ONNX and PyTorch have them. */
import { UserError } from '../errors.ts';
import { at } from '../lookup.ts';
import { channelsOf, consumersOf, type Network, rebuild } from './network.ts';

/**
 * A flattened image then begins with all pixels of its first channel, so the rows of the dense layer that reads it are put in that
 * order. Every other layer stays as it is.
 *
 * @throws UserError if something else than a dense layer reads a flattened image
 */
export function toChannelsFirst(network: Network): Network {
  const consumers = consumersOf(network);
  return rebuild(network, (layer, original) => {
    const [input] = original.inputs;
    if (layer.op === 'flatten' && consumers.get(original)?.some(({ op }) => op !== 'dense'))
      throw new UserError(
        'this model cannot be exported: something else than a dense layer reads a flattened image',
      );
    if (layer.op !== 'dense' || input?.op !== 'flatten') return layer;
    const order = channelsFirstOrder(at(input.inputs, 0).shape);
    const columns = channelsOf(layer);
    const kernel = layer.kernel.map((_, index) => {
      const row = at(order, Math.floor(index / columns));
      return at(layer.kernel, row * columns + (index % columns));
    });
    return { ...layer, kernel };
  });
}

/** Where each number of a flattened image, channels first, stands in one with channels last. */
function channelsFirstOrder(shape: readonly number[]): Uint32Array {
  const channels = shape.at(-1) ?? 1;
  const pixels = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  return Uint32Array.from(
    { length: pixels * channels },
    (_, index) => (index % pixels) * channels + Math.floor(index / pixels),
  );
}
