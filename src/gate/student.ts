/** @file Student's t distribution, and the two functions by which logarithms of variances are described. */

/** The Lanczos approximation with g = 7 and nine terms (Godfrey 2001): relative error below 1e-14. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;
const LANCZOS_G = 7;

/** Beyond this argument the asymptotic series below are exact to double precision. */
const ASYMPTOTIC = 12;

/** Stands for zero in the continued fraction, which divides by its terms. */
const TINY = 1e-300;
const MAXIMUM_TERMS = 10_000;

/**
 * The probability that |T| is at least |t|.
 *
 * @param degreesOfFreedom above 0; infinity gives the normal distribution, to six digits
 */
export function studentTail(t: number, degreesOfFreedom: number): number {
  const limit = Math.min(degreesOfFreedom, 1e7);
  const square = t * t;
  return incompleteBeta(limit / (limit + square), square / (limit + square), limit / 2, 0.5);
}

/** The t above 0 that |T| reaches with this probability, 0 < tail < 1. */
export function studentQuantile(tail: number, degreesOfFreedom: number): number {
  let low = 0;
  let high = 1;
  while (studentTail(high, degreesOfFreedom) > tail) high *= 2;
  // Half the interval at each turn: 60 turns exhaust the digits of a double.
  for (let turn = 0; turn < 60; turn++) {
    const middle = (low + high) / 2;
    if (studentTail(middle, degreesOfFreedom) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** ψ(x), x > 0: recurrence and asymptotic series (Abramowitz and Stegun 6.3.5, 6.3.18). */
export function digamma(x: number): number {
  if (x < ASYMPTOTIC) return digamma(x + 1) - 1 / x;
  const square = 1 / (x * x);
  const series =
    square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))));
  return Math.log(x) - 1 / (2 * x) - series;
}

/** ψ′(x), x > 0: recurrence and asymptotic series (Abramowitz and Stegun 6.4.6, 6.4.12). */
export function trigamma(x: number): number {
  if (x < ASYMPTOTIC) return trigamma(x + 1) + 1 / (x * x);
  const square = 1 / (x * x);
  const series = 1 / 6 - square * (1 / 30 - square * (1 / 42 - square * (1 / 30 - square * (5 / 66))));
  return 1 / x + square / 2 + (square / x) * series;
}

/** The x above 0 with ψ′(x) = value, value > 0; ψ′ falls from infinity to 0. */
export function inverseTrigamma(value: number): number {
  let low = 1e-8;
  let high = 1e8;
  for (let turn = 0; turn < 100; turn++) {
    const middle = Math.sqrt(low * high);
    if (trigamma(middle) > value) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}

/**
 * The regularised incomplete beta function I_x(a, b) by its continued fraction (DLMF 8.17.22).
 *
 * @param y 1 − x, given apart since it may be too small to be had by subtraction
 */
function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  // The fraction converges fast on this side of the mean; on the other it is that of the complement.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(y, x, b, a);
  // Of two numbers that add up to 1 the smaller one is exact.
  const logOf = (share: number, rest: number) => (share < rest ? Math.log(share) : Math.log1p(-rest));
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * logOf(x, y) + b * logOf(y, x);
  return (Math.exp(logFront) / a) * betaFraction(x, a, b);
}

/** Lentz's method: numerators and denominators of the fraction, term by term. */
function betaFraction(x: number, a: number, b: number): number {
  const guard = (value: number) => (Math.abs(value) < TINY ? TINY : value);
  let numerator = 1;
  let denominator = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let fraction = denominator;
  for (let m = 1; m <= MAXIMUM_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const term of [even, odd]) {
      denominator = 1 / guard(1 + term * denominator);
      numerator = guard(1 + term / numerator);
      change = numerator * denominator;
      fraction *= change;
    }
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return fraction;
}

function logGamma(x: number): number {
  const [first = 0, ...rest] = LANCZOS;
  const shifted = x - 1;
  const sum = rest.reduce((total, coefficient, index) => total + coefficient / (shifted + index + 1), first);
  const base = shifted + LANCZOS_G + 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum);
}
