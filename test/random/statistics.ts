/** @file Statistics of random numbers, in closed form or by quadrature. */

export function mean(values: ArrayLike<number>): number {
  return sum(values) / values.length;
}

/** Mean of (value − mean)^order. */
export function centralMoment(values: ArrayLike<number>, order: number): number {
  const centre = mean(values);
  return mean(Array.from(values, (value) => (value - centre) ** order));
}

/** Pearson's correlation of the first `length` entries of two arrays. */
export function correlation(first: ArrayLike<number>, second: ArrayLike<number>, length: number): number {
  const a = Array.from(first).slice(0, length);
  const b = Array.from(second).slice(0, length);
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = mean(a.map((value, index) => (value - meanA) * ((b[index] ?? 0) - meanB)));
  return covariance / Math.sqrt(centralMoment(a, 2) * centralMoment(b, 2));
}

/**
 * Chi-square of observed counts against expected ones, as a number of its own standard deviations from its mean:
 * of random counts 99.9 % lie within ±4 or so.
 */
export function chiSquareDeviation(observed: ArrayLike<number>, expected: ArrayLike<number>): number {
  const terms = Array.from(
    observed,
    (count, bin) => (count - (expected[bin] ?? 0)) ** 2 / (expected[bin] ?? 0),
  );
  const freedom = terms.length - 1;
  return (sum(terms) - freedom) / Math.sqrt(2 * freedom);
}

/** Standard normal distribution function, by Simpson's rule on the density. */
export function normalDistribution(x: number): number {
  const steps = 2000;
  const density = (t: number) => Math.exp(-(t * t) / 2) / Math.sqrt(2 * Math.PI);
  const width = x / steps;
  let area = 0;
  for (let step = 0; step < steps; step++) {
    const left = step * width;
    area += (width / 6) * (density(left) + 4 * density(left + width / 2) + density(left + width));
  }
  return 0.5 + area;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += values[index] ?? 0;
  return total;
}
