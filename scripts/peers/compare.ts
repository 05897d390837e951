/** @file How far two results of the same run lie apart, as a share of what rounding may do. */
import type { ArrayData, NamedArrays } from '../../src/arrays.ts';
import type { Tolerance } from './tolerances.ts';

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

/** The larger of two differences. */
export function larger(a: Difference, b: Difference): Difference {
  return b.share > a.share ? b : a;
}

/**
 * Compares two numbers.
 *
 * @param where name of the number
 * @param allowed how far they may lie apart
 */
export function compareNumbers(where: string, actual: number, expected: number, allowed: number): Difference {
  return { share: shareOf(Math.abs(actual - expected), allowed), where };
}

/** What the names of a state stand for. */
export interface StateRoles {
  /** Moving averages. */
  readonly averages: ReadonlySet<string>;
  /** Weights of convolutions and dense layers. */
  readonly kernels: ReadonlySet<string>;
}

const VELOCITY = 'optimizer/velocity/';

/**
 * Compares the states that two sides have reached from the same one, array by array, in the L2 norm. What is compared is
 * the change: a step moves weights so little that wrong ones would still agree to four digits.
 *
 * @throws Error if an array is missing or has another length
 */
export function compareStates(
  before: NamedArrays,
  actual: NamedArrays,
  expected: NamedArrays,
  { averages, kernels }: StateRoles,
  { change, average, cancellation, sums }: Tolerance,
): Difference {
  const arrays = Object.keys(expected).map((name) => measure(name, before, actual, expected));
  const groups = {
    'all weights': arrays.filter(({ name }) => !averages.has(name) && !isVelocity(name)),
    'all momentum': arrays.filter(({ name }) => isVelocity(name)),
  };
  const differences = arrays.map((array) => {
    const { name } = array;
    // Weights and momentum differ in size; averages say nothing of either.
    const peers = groups[isVelocity(name) ? 'all momentum' : 'all weights'];
    const allowed = averages.has(name)
      ? average * array.change
      : change * array.change + cancellation * changeOfAll(peers);
    return { share: shareOf(array.error, allowed + array.rounding), where: name };
  });
  if (sums === undefined) return differences.reduce(larger, NO_DIFFERENCE);
  const lengths = Object.entries(groups).map(([where, group]) => {
    const excess = Math.abs(group.reduce((sum, { along }) => sum + along, 0));
    return { share: shareOf(excess, sums.length * changeOfAll(group) ** 2), where: `the length of ${where}` };
  });
  const leanings = arrays.flatMap(({ name, error }) => {
    const kernel = before[isVelocity(name) ? name.slice(VELOCITY.length) : name];
    if (kernel === undefined || !kernels.has(name.replace(VELOCITY, '')) || error === 0) return [];
    const cosine = Math.abs(alongDifference(name, actual, expected, kernel)) / (error * norm(kernel));
    const allowed = sums.leaning + sums.deviations / Math.sqrt(kernel.length);
    return [{ share: shareOf(cosine, allowed), where: `${name}, along the weights` }];
  });
  return [...differences, ...lengths, ...leanings].reduce(larger, NO_DIFFERENCE);
}

/** Of one array. */
interface Measures {
  readonly name: string;
  /** L2 norm of the change that is expected. */
  readonly change: number;
  /** L2 norm of the difference from it. */
  readonly error: number;
  /** Product of the two, as vectors. */
  readonly along: number;
  /** L2 norm of the spacing of the numbers. */
  readonly rounding: number;
}

function measure(name: string, before: NamedArrays, actual: NamedArrays, expected: NamedArrays): Measures {
  const [start, end] = [before[name] as ArrayData, expected[name] as ArrayData];
  return {
    name,
    change: distance(name, expected, before),
    error: distance(name, actual, expected),
    along: alongDifference(name, actual, expected, end) - alongDifference(name, actual, expected, start),
    rounding: PRECISION * norm(end),
  };
}

/** The L2 norm of the changes of several arrays together. */
function changeOfAll(arrays: readonly Measures[]): number {
  return Math.hypot(...arrays.map(({ change }) => change));
}

/** The product of a direction with the difference between two arrays. */
function alongDifference(name: string, a: NamedArrays, b: NamedArrays, direction: ArrayData): number {
  const [left, right] = [a[name] as ArrayData, b[name] as ArrayData];
  let sum = 0;
  for (let index = 0; index < direction.length; index++) {
    sum += ((left[index] as number) - (right[index] as number)) * (direction[index] as number);
  }
  return sum;
}

function isVelocity(name: string): boolean {
  return name.startsWith(VELOCITY);
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
