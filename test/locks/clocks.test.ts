/** @file Clocks that are set hours back or ahead, or differ between machines: no living owner loses its lock by them. */
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { takeLock, tryLock } from '../../src/locks/lock.ts';
import { becomeOwner, type LockOwner } from '../../src/locks/owner.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000];

/** Time passes only while somebody sleeps; what others do meanwhile is done before it has passed. */
const clock = vi.hoisted(() => ({ monotonic: 0, meanwhile: (): void => {} }));

vi.mock('node:timers/promises', () => ({
  async setTimeout(milliseconds: number) {
    clock.meanwhile();
    pass(milliseconds);
  },
}));

function pass(milliseconds: number): void {
  clock.monotonic += milliseconds;
  vi.setSystemTime(Date.now() + milliseconds);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  vi.spyOn(performance, 'now').mockImplementation(() => clock.monotonic);
  clock.meanwhile = () => {};
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A lock of a process on another machine, which was heard of at a time by that machine's clock. */
function leaveLock(heartbeat: number): string {
  const path = join(temporaryFolder(), 'lock.json');
  const owner: LockOwner = { ...becomeOwner(), host: 'elsewhere', processSpace: 'another boot' };
  writeFileSync(path, JSON.stringify(owner));
  beat(path, heartbeat);
  return path;
}

function beat(path: string, time: number): void {
  utimesSync(path, new Date(time), new Date(time));
}

const ELSEWHERE = { owner: expect.stringContaining(' on elsewhere ') };

describe.each([
  ['hours ahead', 5 * HOUR],
  ['as the other', 0],
  ['hours behind', -5 * HOUR],
])('a machine whose clock is %s', (_name, offset) => {
  it('leaves the lock to an owner elsewhere who lives, however often it looks', async () => {
    const path = leaveLock(Date.now() - offset);
    clock.meanwhile = () => beat(path, Date.now() - offset + 1);
    for (let look = 0; look < 50; look++) {
      expect(await takeLock(path), `look ${look}`).toMatchObject(ELSEWHERE);
      clock.meanwhile();
      pass(30 * SECOND);
    }
  });

  it('takes over from an owner elsewhere who is no more, at the latest after watching for five minutes', async () => {
    const path = leaveLock(Date.now() - offset);
    let watched = 0;
    while (!('release' in (await takeLock(path)))) {
      pass(10 * SECOND);
      watched += 10 * SECOND;
    }
    expect(watched).toBeLessThanOrEqual(5 * MINUTE);
    expect(watched > 0).toBe(offset <= 0);
  });
});

describe('an owner', () => {
  it('is given half a minute to be heard of, which is said, before its lock is taken over', async () => {
    const path = leaveLock(Date.now() - HOUR);
    const began = clock.monotonic;
    const said: string[] = [];
    const lock = await takeLock(path, undefined, (sentence) => said.push(sentence));
    expect('release' in lock).toBe(true);
    expect(clock.monotonic - began).toBe(31 * SECOND);
    expect(said).toEqual([
      expect.stringMatching(
        /^process \d+ on elsewhere since .* was not heard of for long; looking .* for 31 s$/,
      ),
    ]);
  });

  it('keeps its lock and goes on beating while its clock is set back and ahead', () => {
    const path = join(temporaryFolder(), 'lock.json');
    const lock = tryLock(path);
    if (!('release' in lock)) throw new Error(`owned by ${lock.owner}`);
    for (const jump of [-5 * HOUR, 9 * HOUR, -20 * HOUR]) {
      vi.setSystemTime(Date.now() + jump);
      vi.advanceTimersByTime(15 * SECOND);
      lock.requireHeld();
      expect(statSync(path).mtimeMs).toBeCloseTo(Date.now(), -1);
      expect(tryLock(path)).toEqual({ owner: expect.stringContaining(`process ${process.pid} on `) });
    }
    lock.release();
  });

  it('may interrupt the wait', async () => {
    const path = leaveLock(Date.now() - HOUR);
    const controller = new AbortController();
    clock.meanwhile = () => {
      controller.abort(new Error('interrupted'));
      throw controller.signal.reason;
    };
    await expect(takeLock(path, controller.signal)).rejects.toThrow('interrupted');
  });
});
