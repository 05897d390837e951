/** @file Two processes that take one lock, the second acting between any two calls of the first: one of them gets it. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { claimLock } from '../../src/locks/lock-file.ts';
import { becomeOwner, ceaseOwning, type LockOwner } from '../../src/locks/owner.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const interleaved = vi.hoisted(() => ({ before: (): void => {} }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<Record<string, unknown>>();
  const names = ['openSync', 'linkSync', 'readFileSync', 'statSync', 'writeFileSync', 'renameSync', 'rmSync'];
  const hooked = names.map((name) => {
    const call = real[name] as (...parameters: unknown[]) => unknown;
    return [
      name,
      (...parameters: unknown[]) => {
        interleaved.before();
        return call(...parameters);
      },
    ];
  });
  return { ...real, fsyncSync() {}, ...Object.fromEntries(hooked) };
});

/** Does something before the n-th call (from 0) of some work, once. */
function during(work: () => void, n: number, intrude: () => void): void {
  let calls = 0;
  interleaved.before = () => {
    if (calls++ !== n) return;
    interleaved.before = () => {};
    intrude();
  };
  try {
    work();
  } finally {
    interleaved.before = () => {};
  }
}

const DEAD = spawnSync(process.execPath, ['--version']).pid;

/** How the lock stands before the first process comes. */
const BEGINNINGS: Readonly<Record<string, (path: string) => void>> = {
  'that is free': () => {},
  'of a dead owner': (path) => writeFileSync(path, JSON.stringify({ ...becomeOwner(), pid: DEAD })),
  'of a dead owner whose successor died, too': (path) => {
    const owner = { ...becomeOwner(), pid: DEAD };
    writeFileSync(path, JSON.stringify(owner));
    writeFileSync(`${path}.${owner.id}`, JSON.stringify({ ...becomeOwner(), pid: DEAD }));
  },
};

const holderOf = (path: string) => (JSON.parse(readFileSync(path, 'utf8')) as LockOwner).id;

describe.each(Object.entries(BEGINNINGS))('a lock %s', (_name, begin) => {
  const MOST_CALLS = 45;

  it('goes to one of two, whenever the second comes', () => {
    const winners = new Set<string>();
    for (let call = 0; call < MOST_CALLS; call++) {
      const path = join(temporaryFolder(), 'lock.json');
      begin(path);
      const [first, second] = [becomeOwner(), becomeOwner()];
      const won: LockOwner[] = [];
      const claim = (owner: LockOwner) => () => {
        if (claimLock(path, owner) === undefined) won.push(owner);
      };
      during(claim(first), call, claim(second));
      expect(won, `call ${call}`).toHaveLength(1);
      expect(holderOf(path), `call ${call}`).toBe(won[0]?.id);
      winners.add(won[0] === first ? 'first' : 'second');
    }
    expect(winners).toEqual(new Set(['first', 'second']));
  });

  it('goes to the first if the second dies at any moment of its attempt, or else to whoever comes next', () => {
    for (let call = 0; call < MOST_CALLS; call += 3) {
      for (let last = 0; last < MOST_CALLS; last += 5) {
        const path = join(temporaryFolder(), 'lock.json');
        begin(path);
        const [first, second, third] = [becomeOwner(), becomeOwner(), becomeOwner()];
        const die = () => {
          ceaseOwning(second);
          const dead = () => {
            throw new Error('dead');
          };
          interleaved.before = dead;
          dead();
        };
        const attempt = () => {
          try {
            during(() => void claimLock(path, second), last, die);
          } catch {}
          ceaseOwning(second);
        };
        let isFirst = false;
        during(
          () => {
            isFirst = claimLock(path, first) === undefined;
          },
          call,
          attempt,
        );
        const isThird = claimLock(path, third) === undefined;
        expect([isFirst, isThird].filter(Boolean), `calls ${call}, ${last}`).toHaveLength(1);
        expect(holderOf(path)).toBe(isFirst ? first.id : third.id);
      }
    }
  });
});
