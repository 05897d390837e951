/** @file The contract of a data set: images and labels as bytes. */

/** Part of a data set. */
export interface Split {
  readonly count: number;
  /** `[count, height, width, channels]`, 0 to 255. */
  readonly images: Uint8Array;
  /** `[count]`, 0 to classes − 1. */
  readonly labels: Uint8Array;
}

export interface Dataset {
  readonly name: string;
  /** `[height, width, channels]` */
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
  readonly train: Split;
  readonly test: Split;
}
