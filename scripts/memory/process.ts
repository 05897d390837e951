/** @file Measures a training in a process of its own, since a process seldom gives memory back. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Workload } from './workloads.ts';

/** Bytes. */
export interface MeasuredMemory {
  /** What the process held at most. */
  readonly peak: number;
  readonly estimate: number;
}

export async function measureMemory(
  settings: Workload['settings'],
  threads: number,
): Promise<MeasuredMemory> {
  const words = [join(import.meta.dirname, 'measure.ts'), JSON.stringify(settings), String(threads)];
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ...words]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as MeasuredMemory;
}
