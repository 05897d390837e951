/** @file Convolutions of small images for tests of their gradients. */
import type { Signature } from '../../src/compiler/step.ts';

export interface Layer {
  readonly batch: number;
  readonly image: readonly [height: number, width: number, channels: number];
  readonly filter: readonly [height: number, width: number, filters: number];
  readonly stride: number | [number, number];
  readonly padding: 'valid' | 'same';
}

export const layer = (
  batch: number,
  image: Layer['image'],
  filter: Layer['filter'],
  stride: Layer['stride'],
  padding: Layer['padding'],
): Layer => ({ batch, image, filter, stride, padding });

/** Images `x` and a `filter` as feeds. */
export function signatureOf({ batch, image, filter }: Layer): Signature {
  const [tall, wide, filters] = filter;
  const spec = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
  return { state: {}, feeds: { x: spec(batch, ...image), filter: spec(tall, wide, image[2], filters) } };
}

/** The largest difference of two arrays as a share of the largest number expected: sums are rounded by their size, not each by its own. */
export function relativeDifference(actual: ArrayLike<number> | undefined, expected: Float32Array): number {
  const scale = Math.max(...expected.map(Math.abs));
  const differences = expected.map((number, index) => Math.abs(number - (actual?.[index] ?? Number.NaN)));
  return Math.max(...differences) / scale;
}
