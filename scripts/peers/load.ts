/** @file How much of the machine other programs take while the benchmark sleeps. */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

type Times = ReturnType<typeof cpus>[number]['times'];

/** The share of all cores above which times say little: threads wait for one another. */
export const QUIET = 0.05;

/** Whether other programs took so much that what was measured says little. */
export function isDisturbed({ otherLoad }: { readonly otherLoad: number }): boolean {
  return otherLoad > QUIET;
}

/** The share of all cores, 0 to 1, that was at work for a while in which this process slept. */
export async function sampleLoad(milliseconds: number): Promise<number> {
  const before = sumTimes();
  await sleep(milliseconds);
  const after = sumTimes();
  return loadBetween(before, after);
}

/** The share of the time between two readings that was not idle; 0 if no time has passed. */
export function loadBetween(before: Times, after: Times): number {
  const total = totalOf(after) - totalOf(before);
  return total > 0 ? 1 - (after.idle - before.idle) / total : 0;
}

function sumTimes(): Times {
  const sum: Times = { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 };
  for (const { times } of cpus()) {
    for (const key of Object.keys(sum) as (keyof Times)[]) sum[key] += times[key];
  }
  return sum;
}

function totalOf(times: Times): number {
  return Object.values(times).reduce((sum, time) => sum + time, 0);
}
