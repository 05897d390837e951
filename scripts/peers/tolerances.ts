/** @file How far correct sides may lie apart, by the precision in which they compute. */
import type { Precision } from './sides.ts';
import type { Workload } from './workloads.ts';

/** Each of them relative to what is expected, unless it says otherwise. */
export interface Tolerance {
  /** Of the loss, a mean or sum over the batch of numbers that come from the forward pass alone. */
  readonly loss: number;
  /** Of the norm of the gradients. */
  readonly norm: number;
  /** Of the right answers: a number of images. */
  readonly answers: number;
  /** Of the change of each array, in the L2 norm. */
  readonly change: number;
  /** Of the change of a moving average: it comes from the forward pass alone. */
  readonly average: number;
  /** Of the changes of all arrays together: for arrays whose gradient is zero but for rounding. */
  readonly cancellation: number;
  /** Where single arrays may differ so much that a wrong step could hide in them. Errors of rounding cancel in these sums. */
  readonly sums?: {
    /** Difference in the length of the changes of all weights together, and of all momentum together, along what is expected. */
    readonly length: number;
    /** Cosine of the angle between a kernel and the difference in it or its momentum, for the largest kernels. */
    readonly leaning: number;
    /** What is added to it, in standard deviations of the cosine of errors that have no direction. */
    readonly deviations: number;
  };
}

/** Half a step between bfloat16 numbers of 8 digits, relative to them: the most that rounding to one of them changes a number. */
const BFLOAT16_ROUNDING = 2 ** -8;

/** What is allowed between two sides of float32, or between one of bfloat16 and one of float32. */
export function toleranceOf({ tolerance, layers, batchSize }: Workload, precision: Precision): Tolerance {
  if (precision === 'float32')
    return {
      loss: 2e-5,
      norm: tolerance,
      answers: 0,
      change: tolerance,
      // Tells a biased variance from an unbiased one.
      average: 3e-5,
      cancellation: 5e-5,
    };
  return {
    loss: 8 * BFLOAT16_ROUNDING,
    norm: 8 * BFLOAT16_ROUNDING,
    // The two highest logits of one image in thirty lie closer together than roundings move them.
    answers: Math.ceil(batchSize / 32),
    // A layer's activations are off by about a rounding, and for about so large a share of them rounding decides whether ReLU lets
    // them pass; the gradient is off by the root of that share, and the errors of the layers add up as squares.
    change: 2 * Math.sqrt(layers * BFLOAT16_ROUNDING),
    // Batch normalisation of few numbers amplifies: in VGG-16's dense layers a fifth of an activation is error, which adds its
    // square, 4 %, to their variance.
    average: 16 * BFLOAT16_ROUNDING,
    cancellation: BFLOAT16_ROUNDING,
    // Roundings are up or down whatever the weight is, while decay is all in its direction. A rounding of the decay itself may be too.
    sums: { length: 16 * BFLOAT16_ROUNDING, leaning: 8 * BFLOAT16_ROUNDING, deviations: 8 },
  };
}
