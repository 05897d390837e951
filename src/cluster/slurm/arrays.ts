/** @file Job arrays: cells as tasks whose numbers stay below what a cluster allows. */

/** Cells of one job array. */
export interface TaskArray {
  /** Task n trains cell n + offset. */
  readonly offset: number;
  readonly tasks: readonly number[];
}

/**
 * Divides cells among arrays.
 *
 * @param indices of cells, ascending
 * @param maxArraySize tasks have lower numbers than this
 */
export function divideAmongArrays(indices: readonly number[], maxArraySize: number): TaskArray[] {
  const arrays = new Map<number, number[]>();
  for (const index of indices) {
    const offset = index - (index % maxArraySize);
    const tasks = arrays.get(offset) ?? [];
    tasks.push(index - offset);
    arrays.set(offset, tasks);
  }
  return [...arrays].map(([offset, tasks]) => ({ offset, tasks }));
}

/** Tasks as `sbatch --array` takes them: `0-3,7,9-12%8`. */
export function formatTasks(tasks: readonly number[], maxParallel?: number): string {
  const ranges: [number, number][] = [];
  for (const task of tasks) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === task - 1) last[1] = task;
    else ranges.push([task, task]);
  }
  const text = ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join();
  return maxParallel === undefined ? text : `${text}%${maxParallel}`;
}
