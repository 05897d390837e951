/** @file How exactly a training step multiplies. Weights, optimizer, statistics of batch normalisation and loss are float32 in any case. */

/**
 * `float32` throughout; `tensorfloat32`: graphics cards round the operands of convolutions and matrix products to ten bits behind
 * the point; `bfloat16`: convolutions and matrix products take and give numbers of seven such bits, and so does what lies
 * between them.
 */
export const PRECISIONS = ['float32', 'tensorfloat32', 'bfloat16'] as const;
export type Precision = (typeof PRECISIONS)[number];
