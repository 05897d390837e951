/** @file What pruning removes. */

/** `weight`: single entries of a kernel; `unit`: whole columns, the filters of a convolution or the units of a dense layer. */
export type Granularity = 'weight' | 'unit';
