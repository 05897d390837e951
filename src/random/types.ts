/** @file Names of random streams and of the distributions drawn from them. */

/** Identifies a stream. Equal keys give equal numbers on every machine; distinct keys give independent ones. */
export interface StreamKey {
  readonly seed: number;
  /** What the numbers are for, with the layer where there is one: `shuffle`, `noise/dense1/kernel/keep`. */
  readonly purpose: string;
  /** Epoch or step. */
  readonly index: number;
}

/** How an array gets its first values. Fan-in and fan-out are taken from a kernel shape `[…, in, out]`. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly sd: number }
  | { readonly kind: 'glorotUniform' }
  | { readonly kind: 'glorotNormal' };
