/** @file N:M sparsity: of every M neighbouring inputs of a unit, the N of largest magnitude stay, as sparse tensor cores want it. */
import { at } from '../../lookup.ts';

/**
 * Neighbours lie along the input axis, the last but one: inputs of a dense layer, channels of a convolution at one tap. A group at
 * the end may be smaller; of it, too, at most N stay. Of equal ones the first stay.
 *
 * @param weight row-major, of the shape
 * @param shape `[…, inputs, units]`
 * @returns 1 where an entry is kept and 0 where it is not
 */
export function keepInGroups(
  weight: Float32Array,
  shape: readonly number[],
  kept: number,
  size: number,
): Uint8Array {
  const [units, inputs] = [at(shape, shape.length - 1), at(shape, shape.length - 2)];
  const taps = weight.length / (units * inputs);
  const mask = new Uint8Array(weight.length);
  for (let tap = 0; tap < taps; tap++)
    for (let unit = 0; unit < units; unit++)
      for (let first = 0; first < inputs; first += size) {
        const group = Array.from({ length: Math.min(size, inputs - first) }, (_, place) => {
          return (tap * inputs + first + place) * units + unit;
        });
        const magnitudeOf = (index: number): number => Math.abs(at(weight, index));
        const ranked = group.toSorted((a, b) => magnitudeOf(b) - magnitudeOf(a));
        for (const index of ranked.slice(0, kept)) mask[index] = 1;
      }
  return mask;
}
