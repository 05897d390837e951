/** @file A decoded picture, whatever the file that it comes from. */

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 4]`: red, green and blue from 0 to 255, and a byte without meaning. Grey has all three alike. */
  readonly pixels: Uint8Array | Uint8ClampedArray;
}

/** Pixels of a picture; more are no photograph, and would need gigabytes to decode. */
export const MOST_PIXELS = 2 ** 26;
