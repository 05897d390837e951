/** @file What targeted dropout drops, counted by sorting, for the small MLP of the tests. */
import type { NamedArrays } from '../../src/arrays.ts';
import { fillUniform } from '../../src/random/streams.ts';

/** Of the MLP of 24 and 12 units on MNIST: rows and columns of its two prunable weights. */
export const LAYERS = [
  { name: 'dense1/kernel', rows: 784, columns: 24 },
  { name: 'dense2/kernel', rows: 24, columns: 12 },
] as const;
export const ENTRIES = 784 * 24 + 24 * 12;

/** A step, by the steps taken before it. */
interface Moment {
  readonly seed: number;
  readonly step: number;
}

/** The numbers that decide which candidates are dropped. */
export function noiseOf(name: string, count: number, { seed, step }: Moment): Float32Array {
  const noise = new Float32Array(count);
  fillUniform({ seed, purpose: `noise/${name}/drop`, index: step }, noise);
  return noise;
}

/** By sorting each column, as the paper defines targeted weight dropout. */
export function countDroppedWeights(
  state: NamedArrays,
  moment: Moment,
  gamma: number,
  alpha: number,
): number {
  let dropped = 0;
  for (const { name, rows, columns } of LAYERS) {
    const weight = state[name] ?? [];
    const noise = noiseOf(name, rows * columns, moment);
    for (let column = 0; column < columns; column++) {
      const inColumn = Array.from({ length: rows }, (_, row) => row * columns + column);
      const ranked = inColumn.toSorted((a, b) => Math.abs(weight[a] ?? 0) - Math.abs(weight[b] ?? 0));
      const candidates = ranked.slice(0, Math.floor(gamma * rows));
      dropped += candidates.filter((index) => (noise[index] ?? 0) < Math.fround(alpha)).length;
    }
  }
  return dropped;
}

/** The entries of the columns that are dropped, by sorting the norms of columns. */
export function countDroppedUnits(state: NamedArrays, moment: Moment, gamma: number, alpha: number): number {
  let dropped = 0;
  for (const { name, rows, columns } of LAYERS) {
    const norms = new Float64Array(columns);
    (state[name] ?? []).forEach((value: number, index: number) => {
      norms[index % columns] = (norms[index % columns] ?? 0) + value ** 2;
    });
    const noise = noiseOf(name, columns, moment);
    const ranked = [...norms.keys()].toSorted((a, b) => (norms[a] ?? 0) - (norms[b] ?? 0));
    const candidates = ranked.slice(0, Math.floor(gamma * columns));
    dropped += rows * candidates.filter((column) => (noise[column] ?? 0) < Math.fround(alpha)).length;
  }
  return dropped;
}
