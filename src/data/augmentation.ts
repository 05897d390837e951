/** @file Random crops and flips of training images, into an array that the caller keeps. */
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
 * @param images holds the image `[height, width, channels]` from `source` on
 * @param draws holds the image's three uniform numbers from `draw` on: row and column of the crop in ninths, and flip
 *   if below a half
 * @param out `[height · width · channels]`, overwritten
 */
export function cropAndFlip(
  images: Uint8Array,
  source: number,
  [height, width, channels]: ImageShape,
  draws: Float32Array,
  draw: number,
  out: Uint8Array,
): void {
  const down = clamp(offsetOf(draws[draw]), height);
  const right = clamp(offsetOf(draws[draw + 1]), width);
  // All rows in one piece: what leaves a row on one side comes in at the other, and is blotted out.
  const shift = clamp((down * width + right) * channels, out.length);
  out.fill(0);
  out.set(
    images.subarray(source + Math.max(0, shift), source + out.length + Math.min(0, shift)),
    Math.max(0, -shift),
  );
  const stride = width * channels;
  const firstEmpty = right > 0 ? stride - right * channels : 0;
  const emptyEnd = right > 0 ? stride : -right * channels;
  for (let row = 0; row < out.length; row += stride) {
    for (let offset = firstEmpty; offset < emptyEnd; offset++) out[row + offset] = 0;
  }
  if ((draws[draw + 2] ?? 1) < 0.5) flip(out, stride, channels);
}

/** Turns each row of `stride` bytes round, pixel by pixel. */
function flip(image: Uint8Array, stride: number, channels: number): void {
  for (let row = 0; row < image.length; row += stride) {
    let left = row;
    let right = row + stride - channels;
    for (; left < right; left += channels, right -= channels) {
      for (let channel = 0; channel < channels; channel++) {
        const byte = image[left + channel] as number;
        image[left + channel] = image[right + channel] as number;
        image[right + channel] = byte;
      }
    }
  }
}

/** Where the crop begins, in pixels from the edge of the image: −4 to 4. */
function offsetOf(draw = 0): number {
  return Math.floor(draw * OFFSETS) - PADDING;
}

/** Beyond an image of its own size nothing is left of it either. */
function clamp(offset: number, extent: number): number {
  return Math.max(-extent, Math.min(extent, offset));
}
