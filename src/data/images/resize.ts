/** @file Pictures brought to one size: bilinear, with a filter that widens where a picture shrinks, so that nothing aliases. */
import type { Picture } from './picture.ts';

/** Shares of red, green and blue in grey (ITU-R BT.601). */
const GREY = [0.299, 0.587, 0.114] as const;

/** The pixels of a row or column that one pixel of the result is made of. */
interface Taps {
  readonly start: number;
  /** Their shares; sum 1. */
  readonly weights: Float64Array;
}

/**
 * Stretches a picture to a height and width and writes it as bytes. Columns are resized first, then rows, in doubles; each value is rounded once, at the end. A
 * picture that has the size already keeps its bytes.
 *
 * @param shape `[height, width, channels]`; one channel is grey, three are red, green and blue
 * @param out receives the image `[height, width, channels]` from `target` on
 */
export function resizePicture(
  { width, height, pixels }: Picture,
  [newHeight, newWidth, channels]: readonly [number, number, number],
  out: Uint8Array,
  target: number,
): void {
  const columns = tapsOf(width, newWidth);
  const rows = tapsOf(height, newHeight);
  const narrowed = new Float64Array(height * newWidth * 3);
  for (let row = 0, to = 0; row < height; row++) {
    for (const { start, weights } of columns) {
      let [red, green, blue] = [0, 0, 0];
      for (let tap = 0, from = 4 * (row * width + start); tap < weights.length; tap++, from += 4) {
        const weight = weights[tap] as number;
        red += weight * (pixels[from] as number);
        green += weight * (pixels[from + 1] as number);
        blue += weight * (pixels[from + 2] as number);
      }
      narrowed[to++] = red;
      narrowed[to++] = green;
      narrowed[to++] = blue;
    }
  }
  let to = target;
  for (const { start, weights } of rows) {
    for (let column = 0; column < newWidth; column++) {
      let [red, green, blue] = [0, 0, 0];
      for (
        let tap = 0, from = 3 * (start * newWidth + column);
        tap < weights.length;
        tap++, from += 3 * newWidth
      ) {
        const weight = weights[tap] as number;
        red += weight * (narrowed[from] as number);
        green += weight * (narrowed[from + 1] as number);
        blue += weight * (narrowed[from + 2] as number);
      }
      if (channels === 1) {
        out[to++] = Math.round(GREY[0] * red + GREY[1] * green + GREY[2] * blue);
      } else {
        out[to++] = Math.round(red);
        out[to++] = Math.round(green);
        out[to++] = Math.round(blue);
      }
    }
  }
}

/** What each pixel of a row of `to` pixels is made of, when a row of `from` pixels is stretched or shrunk to it. */
function tapsOf(from: number, to: number): Taps[] {
  const scale = from / to;
  // Half the width of the triangle, in pixels of the picture.
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const start = Math.max(0, Math.floor(centre - reach));
    const end = Math.min(from, Math.ceil(centre + reach));
    const weights = Float64Array.from({ length: end - start }, (_, tap) =>
      Math.max(0, 1 - Math.abs(start + tap + 0.5 - centre) / reach),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}
