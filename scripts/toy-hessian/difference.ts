/** @file The difference of two means over seeds, with its 95 % interval. */
import { studentQuantile } from '../../src/gate/student.ts';
import { summarizeSeeds } from '../../src/tables/cell.ts';

export interface Difference {
  readonly mean: number;
  /** Half the width of the 95 % interval; absent if either side has one seed. */
  readonly margin: number | undefined;
}

/** Second less first, by Welch's t interval: the two need not scatter alike. */
export function differenceOf(first: readonly number[], second: readonly number[]): Difference | undefined {
  const [a, b] = [summarizeSeeds(first), summarizeSeeds(second)];
  if (a === undefined || b === undefined) return undefined;
  const mean = b.mean - a.mean;
  if (a.deviation === undefined || b.deviation === undefined) return { mean, margin: undefined };
  const [u, v] = [a.deviation ** 2 / a.seeds, b.deviation ** 2 / b.seeds];
  if (u + v === 0) return { mean, margin: 0 };
  const freedom = (u + v) ** 2 / (u ** 2 / (a.seeds - 1) + v ** 2 / (b.seeds - 1));
  return { mean, margin: studentQuantile(0.05, freedom) * Math.sqrt(u + v) };
}
