/** @file What may be removed from a results folder. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryLock } from '../../src/locks/lock.ts';
import { RUN_FILES } from '../../src/runs/directory.ts';
import { findRuns } from '../../src/runs/find.ts';
import { findGarbage, removeGarbage } from '../../src/runs/garbage.ts';
import { beginSoundRun, finishSoundRun, specOf } from './runs.ts';
import { temporaryFolder } from './temporary.ts';

const TEMPORARY = '.metrics.csv.00000000-0000-4000-8000-000000000000.tmp';

function list(
  results: string,
  ...expected: Parameters<typeof findGarbage>[1] extends infer M ? [M?] : never
) {
  return findGarbage(findRuns(results), expected[0] ?? new Map());
}

describe('garbage', () => {
  it('of a run that is done are its checkpoint, and what no process reads; nothing else', () => {
    const results = temporaryFolder();
    const directory = finishSoundRun(results, specOf());
    const before = readdirSync(directory).toSorted();
    for (const name of [TEMPORARY, 'metrics.csv.damaged', 'notes.txt'])
      writeFileSync(join(directory, name), 'x');
    const found = list(results).map(({ kind, path }) => [kind, path.slice(directory.length + 1)]);
    expect(found).toEqual([
      ['leftovers', RUN_FILES.previousCheckpoint],
      ['leftovers', RUN_FILES.previousTensors],
      ['leftovers', TEMPORARY],
      ['leftovers', 'metrics.csv.damaged'],
      ['checkpoints', RUN_FILES.tensors],
    ].filter(([, name]) => name === TEMPORARY || name === 'metrics.csv.damaged' || before.includes(name ?? ''))); // biome-ignore format: a table
    for (const one of list(results)) expect(removeGarbage(one)).toBeUndefined();
    expect(list(results)).toEqual([]);
    expect(findRuns(results).runs[0]?.state).toBe('done');
    expect(existsSync(join(directory, 'notes.txt'))).toBe(true);
  });

  it('of a run under way is no checkpoint, neither the last nor the one before', () => {
    const results = temporaryFolder();
    beginSoundRun(results, specOf(), 1);
    beginSoundRun(results, specOf({ seed: 1 }), 1);
    expect(list(results)).toEqual([]);
  });

  it('are runs that the file of their experiment has no more, but not other seeds, nor other experiments', () => {
    const results = temporaryFolder();
    const orphan = finishSoundRun(results, specOf({ variant: 'renamed' }));
    finishSoundRun(results, specOf());
    finishSoundRun(results, specOf({ seed: 7 }));
    finishSoundRun(results, specOf({ experiment: 'other', variant: 'renamed' }));
    const found = list(results, new Map([['mnist-lenet', [specOf()]]])).filter(
      ({ kind }) => kind === 'orphans',
    );
    expect(found.map(({ path }) => path)).toEqual([orphan]);
    expect(found[0]?.bytes).toBeGreaterThan(100);
    expect(found.map(removeGarbage)).toEqual([undefined]);
    expect(existsSync(orphan)).toBe(false);
    expect(findRuns(results).runs).toHaveLength(3);
  });

  it('is left where somebody works on the run', () => {
    const results = temporaryFolder();
    const directory = finishSoundRun(results, specOf());
    writeFileSync(join(directory, TEMPORARY), 'x');
    const lock = tryLock(join(directory, RUN_FILES.lock));
    const [first] = list(results).filter(({ path }) => path.endsWith('.tmp'));
    expect(first && removeGarbage(first)).toMatch(/./);
    expect(existsSync(join(directory, TEMPORARY))).toBe(true);
    if ('release' in lock) lock.release();
  });
});
