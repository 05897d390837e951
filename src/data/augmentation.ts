/** @file Random crops and flips of training images, and standardisation, into arrays that the caller keeps. */
import type { ImageShape } from './types.ts';

/** Uniform numbers on [0, 1) that an image's crop takes: row, column, flip. */
export const DRAWS_PER_IMAGE = 3;

/** Zeros on each side before the crop. */
const PADDING = 4;
const OFFSETS = 2 * PADDING + 1;

/**
 * Pads an image by 4 zeros on each side, crops it back to its size at one of 9 × 9 places and flips it from left to
 * right in one of two cases (the usual augmentation of CIFAR).
 *
 * @param bytes holds the image `[height, width, channels]` from `source` on
 * @param draws holds the image's three uniform numbers from `draw` on: row and column of the crop in ninths, and flip
 *   if below a half
 * @param out receives the image from `target` on, 0 to 255
 */
export function cropAndFlip(
  bytes: Uint8Array,
  source: number,
  [height, width, channels]: ImageShape,
  draws: Float32Array,
  draw: number,
  out: Float32Array,
  target: number,
): void {
  const down = offsetOf(draws[draw]);
  const right = offsetOf(draws[draw + 1]);
  const isFlipped = (draws[draw + 2] ?? 1) < 0.5;
  const firstColumn = Math.max(0, -right);
  const lastColumn = Math.min(width, width - right);
  out.fill(0, target, target + height * width * channels);
  for (let row = Math.max(0, -down); row < Math.min(height, height - down); row++) {
    let from = source + ((row + down) * width + firstColumn + right) * channels;
    let to = target + (row * width + (isFlipped ? width - 1 - firstColumn : firstColumn)) * channels;
    const step = isFlipped ? -channels : channels;
    for (let column = firstColumn; column < lastColumn; column++, from += channels, to += step) {
      for (let channel = 0; channel < channels; channel++)
        out[to + channel] = bytes[from + channel] as number;
    }
  }
}

/**
 * Gives an image mean 0 and standard deviation 1: (x − mean) / max(sd, 1 / √size), with x as bytes from 0 to 255. The
 * bound matters to images of one colour only; they become zero.
 *
 * @param out holds the image of `size` numbers from `start` on, overwritten
 */
export function standardize(out: Float32Array, start: number, size: number): void {
  // Sums of whole numbers, exact in a double.
  let sum = 0;
  let squares = 0;
  for (let index = start; index < start + size; index++) {
    const value = out[index] as number;
    sum += value;
    squares += value * value;
  }
  const mean = sum / size;
  const deviation = Math.sqrt(Math.max(0, squares / size - mean * mean));
  const factor = 1 / Math.max(deviation, 1 / Math.sqrt(size));
  for (let index = start; index < start + size; index++) {
    out[index] = ((out[index] as number) - mean) * factor;
  }
}

/** Where the crop begins, in pixels from the edge of the image: −4 to 4. */
function offsetOf(draw = 0): number {
  return Math.floor(draw * OFFSETS) - PADDING;
}
