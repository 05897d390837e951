/** @file Threads that a process may use, in trees of /proc and /sys as systems have them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { availableThreads } from '../../src/engines/threads.ts';
import { temporaryFolder } from '../runs/temporary.ts';

function systemOf(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const SYS = 'sys/fs/cgroup';

describe('availableThreads', () => {
  it.each([
    [
      'version 2, in the group itself',
      { 'proc/self/cgroup': '0::/a/b\n', [`${SYS}/a/b/cpu.max`]: '300000 100000\n' },
      3,
    ],
    [
      'version 2, in a group above',
      { 'proc/self/cgroup': '0::/a/b\n', [`${SYS}/a/cpu.max`]: '200000 100000\n' },
      2,
    ],
    [
      'version 2, a part of a processor',
      { 'proc/self/cgroup': '0::/\n', [`${SYS}/cpu.max`]: '50000 100000\n' },
      1,
    ],
    [
      'version 2, a processor and a half',
      { 'proc/self/cgroup': '0::/\n', [`${SYS}/cpu.max`]: '150000 100000\n' },
      2,
    ],
    ['version 2, no limit', { 'proc/self/cgroup': '0::/a\n', [`${SYS}/a/cpu.max`]: 'max 100000\n' }, 8],
    [
      'version 2, the least of several',
      {
        'proc/self/cgroup': '0::/a/b\n',
        [`${SYS}/a/cpu.max`]: '200000 100000\n',
        [`${SYS}/a/b/cpu.max`]: '500000 100000\n',
      },
      2,
    ],
    [
      'version 1',
      {
        'proc/self/cgroup': '9:memory:/x\n4:cpu,cpuacct:/job\n0::/\n',
        [`${SYS}/cpu,cpuacct/job/cpu.cfs_quota_us`]: '400000\n',
        [`${SYS}/cpu,cpuacct/job/cpu.cfs_period_us`]: '100000\n',
      },
      4,
    ],
    [
      'version 1, in a container that sees its own group as the outermost',
      {
        'proc/self/cgroup': '4:cpu,cpuacct:/docker/0123\n',
        [`${SYS}/cpu/cpu.cfs_quota_us`]: '250000\n',
        [`${SYS}/cpu/cpu.cfs_period_us`]: '100000\n',
      },
      3,
    ],
    [
      'version 1, no limit',
      {
        'proc/self/cgroup': '4:cpu:/\n',
        [`${SYS}/cpu/cpu.cfs_quota_us`]: '-1\n',
        [`${SYS}/cpu/cpu.cfs_period_us`]: '100000\n',
      },
      8,
    ],
    ['none', {}, 8],
    ['a file that says nothing', { 'proc/self/cgroup': '0::/\n', [`${SYS}/cpu.max`]: '\n' }, 8],
  ])('heeds the quota of control groups: %s', (_name, files, expected) => {
    expect(availableThreads(8, systemOf(files))).toBe(expected);
  });

  it('is never more than the processors that the process may run on', () => {
    const root = systemOf({ 'proc/self/cgroup': '0::/\n', [`${SYS}/cpu.max`]: '900000 100000\n' });
    expect(availableThreads(2, root)).toBe(2);
    expect(availableThreads()).toBeLessThanOrEqual(availableParallelism());
  });

  const hasTaskset = existsSync('/usr/bin/taskset') && cpus().length > 1;
  it.skipIf(!hasTaskset)('is 1 for a process that is bound to one processor', () => {
    const first = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
    const [processor = '0'] = /\d+(?=[,-]|$)/.exec(first.split(':').at(-1) ?? '') ?? [];
    const program = `import('${join(import.meta.dirname, '../../src/engines/threads.ts')}').then(m => console.log(m.availableThreads()))`;
    const output = execFileSync(
      'taskset',
      ['-c', processor, process.execPath, '--import', 'tsx', '--eval', program],
      { encoding: 'utf8' },
    );
    expect(output.trim()).toBe('1');
  });
});
