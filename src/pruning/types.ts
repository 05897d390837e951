/** @file What pruning removes, and how what is left is judged. */

/** `weight`: single entries of a kernel; `unit`: whole columns, the filters of a convolution or the units of a dense layer. */
export type Granularity = 'weight' | 'unit';

/** In the order in which files and messages have them. */
export const EVALUATIONS = ['dense', 'gamma', 'stochastic'] as const;

/**
 * How a pruned network is judged. `dense`: by the method's evaluation weights. `gamma`: the candidates of the method (the share
 * gamma that targeted dropout drops from) are removed before pruning. `stochastic`: the noise of training is kept.
 */
export type EvaluationKind = (typeof EVALUATIONS)[number];
