/** @file How far two results of the same run lie apart, as a share of what rounding may do. */
import type { ArrayData, NamedArrays } from '../../src/arrays.ts';

/** The largest difference that was found. */
export interface Difference {
  /** 1 is the most that is allowed. */
  readonly share: number;
  /** The array or number in which it was found. */
  readonly where: string;
}

export const NO_DIFFERENCE: Difference = { share: 0, where: 'nowhere' };

/** Spacing of single-precision numbers, relative to them. */
const PRECISION = 2 ** -23;
/** Of moving averages: they come from the forward pass alone, and must tell a biased variance from an unbiased one. */
const AVERAGE_TOLERANCE = 3e-5;
/** Relative to the change of all arrays together, for gradients that are zero but for rounding. */
const CANCELLATION_TOLERANCE = 5e-5;

/** The larger of two differences. */
export function larger(a: Difference, b: Difference): Difference {
  return b.share > a.share ? b : a;
}

/**
 * Compares two numbers.
 *
 * @param where name of the number
 * @param tolerance relative to what is expected
 */
export function compareNumbers(
  where: string,
  actual: number,
  expected: number,
  tolerance: number,
): Difference {
  return { share: shareOf(Math.abs(actual - expected), tolerance * Math.abs(expected)), where };
}

/**
 * Compares the states that two sides have reached from the same one, array by array, in the L2 norm. What is compared is
 * the change: a step moves weights so little that wrong ones would still agree to four digits.
 *
 * @param averages names of moving averages
 * @param tolerance of the change of an array, relative to it
 * @throws Error if an array is missing or has another length
 */
export function compareStates(
  before: NamedArrays,
  actual: NamedArrays,
  expected: NamedArrays,
  averages: ReadonlySet<string>,
  tolerance: number,
): Difference {
  const names = Object.keys(expected);
  const changes = new Map(names.map((name) => [name, distance(name, expected, before)]));
  const changeOf = (name: string): number => changes.get(name) ?? Number.NaN;
  const isVelocity = (name: string): boolean => name.startsWith('optimizer/');
  const differences = names.map((name) => {
    const rounding = PRECISION * norm(expected[name] as ArrayData);
    // Weights and momentum differ in size; averages say nothing of either.
    const peers = names.filter((other) => !averages.has(other) && isVelocity(other) === isVelocity(name));
    const allowed = averages.has(name)
      ? AVERAGE_TOLERANCE * changeOf(name)
      : tolerance * changeOf(name) + CANCELLATION_TOLERANCE * Math.hypot(...peers.map(changeOf));
    return { share: shareOf(distance(name, actual, expected), allowed + rounding), where: name };
  });
  return differences.reduce(larger, NO_DIFFERENCE);
}

function shareOf(error: number, allowed: number): number {
  if (error === 0) return 0;
  const share = error / allowed;
  return Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
}

function norm(array: ArrayData): number {
  let sum = 0;
  for (const value of array) sum += value * value;
  return Math.sqrt(sum);
}

function distance(name: string, a: NamedArrays, b: NamedArrays): number {
  const [left, right] = [a[name], b[name]];
  if (left === undefined || left.length !== right?.length) {
    throw new Error(`"${name}" has ${left?.length ?? 'no'} numbers, expected ${right?.length ?? 'none'}`);
  }
  let sum = 0;
  for (let index = 0; index < left.length; index++) {
    const difference = (left[index] ?? Number.NaN) - (right[index] ?? Number.NaN);
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
