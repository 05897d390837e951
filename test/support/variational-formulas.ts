/** @file The formulas of sparse variational dropout in double precision, one weight at a time. */

/** Clipped to ±8, guarded by 1e-8 as in the paper's code. */
export function naiveLogAlpha(weight: number, logVariance: number): number {
  return Math.min(8, Math.max(-8, logVariance - Math.log(weight ** 2 + 1e-8)));
}

/** Equation 14 of Molchanov et al. 2017, with the sign of a divergence. */
export function naiveKl(logAlpha: number): number {
  const sigmoid = 1 / (1 + Math.exp(-(1.8732 + 1.48695 * logAlpha)));
  return -(0.63576 * sigmoid - 0.5 * Math.log(1 + Math.exp(-logAlpha)) - 0.63576);
}
