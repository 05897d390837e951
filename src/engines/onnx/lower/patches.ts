/** @file Which pixels lie under each tap of a filter, for convolutions computed as matrix products. */
import { at } from '../../../lookup.ts';

type Sizes = readonly number[];

/**
 * Numbers of the pixels under each filter tap, for each position of the output: `[batch · height · width · taps]`.
 *
 * @param padded shape of the images with their padding, `[batch, height, width, channels]`; pixels are counted in it
 * @param output `[batch, height, width, filters]`
 * @param filter `[height, width, in, out]`
 */
export function patchTable(
  padded: Sizes,
  output: Sizes,
  filter: Sizes,
  { strides, dilations }: { strides: Sizes; dilations: Sizes },
): Int32Array {
  const [batch = 1, paddedHeight = 1, paddedWidth = 1] = padded;
  const [, height = 1, width = 1] = output;
  const [filterHeight = 1, filterWidth = 1] = filter;
  const taps = filterHeight * filterWidth;
  const table = new Int32Array(batch * height * width * taps);
  let next = 0;
  for (let image = 0; image < batch; image++) {
    for (let position = 0; position < height * width; position++) {
      const top = Math.floor(position / width) * at(strides, 0);
      const left = (position % width) * at(strides, 1);
      for (let tap = 0; tap < taps; tap++) {
        const row = top + Math.floor(tap / filterWidth) * at(dilations, 0);
        const column = left + (tap % filterWidth) * at(dilations, 1);
        table[next++] = (image * paddedHeight + row) * paddedWidth + column;
      }
    }
  }
  return table;
}
