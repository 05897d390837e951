/** @file How many threads this process may use: what the machine has, less what affinity and control groups withhold. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** More threads than this many times those that can run at once are taken for a typing error. */
export const MOST_OVERSUBSCRIBED = 16;

/**
 * Threads that can compute at the same time, at least 1: no more than the processors that the process may run on (Linux:
 * `taskset`, cpusets), and than the processor time that its control group and those above it have (containers, clusters).
 * A part of a processor counts as one.
 *
 * @param processors that the process may run on
 * @param root for tests: the folder in which `proc` and `sys` are looked for
 */
export function availableThreads(processors = availableParallelism(), root = '/'): number {
  return Math.max(1, Math.min(processors, Math.ceil(processorQuota(root))));
}

/** A number of threads in words: `1 thread`, `2 threads`. */
export function describeThreads(count: number): string {
  return `${count} ${count === 1 ? 'thread' : 'threads'}`;
}

/** In processors; infinite where nothing limits it, as on systems without control groups. */
function processorQuota(root: string): number {
  const groups = readText(join(root, 'proc/self/cgroup')) ?? '';
  const quotas = groups.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    return listFolders(root, controllers, path).map(quotaOf);
  });
  return Math.min(Number.POSITIVE_INFINITY, ...quotas);
}

/** The folders of a group and of those above it. In a container some of them lie outside and are not seen. */
function listFolders(root: string, controllers: string, path: string): string[] {
  const mounts =
    controllers === '' ? ['', 'unified'] : controllers.split(',').includes('cpu') ? [controllers, 'cpu'] : [];
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  const paths = [...parts.keys(), parts.length].map((length) => parts.slice(0, length).join('/'));
  return mounts.flatMap((mount) => paths.map((below) => join(root, 'sys/fs/cgroup', mount, below)));
}

/** Version 2 has `max 100000` or `150000 100000`, quota and period in microseconds; version 1 a file for each, -1 for none. */
function quotaOf(folder: string): number {
  const [quota, period] = readText(join(folder, 'cpu.max'))?.split(/\s+/) ?? [
    readText(join(folder, 'cpu.cfs_quota_us')),
    readText(join(folder, 'cpu.cfs_period_us')),
  ];
  const processors = Number(quota) / Number(period);
  return processors > 0 && Number.isFinite(processors) ? processors : Number.POSITIVE_INFINITY;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
