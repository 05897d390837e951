/** @file The difference of two means over seeds, with its 95 % interval. */
import { studentQuantile } from '../src/gate/student.ts';
import { summarizeSeeds } from '../src/tables/cell.ts';

export interface Difference {
  readonly mean: number;
  /** Half the width of the 95 % interval; absent where there is none. */
  readonly margin: number | undefined;
}

/** Probability that the interval misses the true difference. */
const TAIL = 0.05;

/**
 * Second less first, by Welch's t interval: the two need not scatter alike. There is no interval if a side has one seed, or if
 * neither scatters at all, as networks at chance do: that says nothing of how far other seeds would lie.
 */
export function differenceOf(first: readonly number[], second: readonly number[]): Difference | undefined {
  const [a, b] = [summarizeSeeds(first), summarizeSeeds(second)];
  if (a === undefined || b === undefined) return undefined;
  const mean = b.mean - a.mean;
  if (a.deviation === undefined || b.deviation === undefined) return { mean, margin: undefined };
  const [u, v] = [a.deviation ** 2 / a.seeds, b.deviation ** 2 / b.seeds];
  if (u + v === 0) return { mean, margin: undefined };
  const freedom = (u + v) ** 2 / (u ** 2 / (a.seeds - 1) + v ** 2 / (b.seeds - 1));
  return { mean, margin: studentQuantile(TAIL, freedom) * Math.sqrt(u + v) };
}

/**
 * Mean of second less first over pairs, by Student's t interval of one sample: for two numbers of the same trained network.
 *
 * @param second as many as in `first`, in the same order
 */
export function pairedDifferenceOf(
  first: readonly number[],
  second: readonly number[],
): Difference | undefined {
  if (first.length !== second.length)
    throw new Error('pairs need as many numbers on one side as on the other');
  const cell = summarizeSeeds(second.map((value, index) => value - (first[index] ?? Number.NaN)));
  if (cell === undefined) return undefined;
  const { mean, deviation = 0, seeds } = cell;
  if (deviation === 0) return { mean, margin: undefined };
  return { mean, margin: (studentQuantile(TAIL, seeds - 1) * deviation) / Math.sqrt(seeds) };
}
