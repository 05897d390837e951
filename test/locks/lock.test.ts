/** @file Locks: one owner at a time, whoever comes when; those of the dead are taken over, those of the living never. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Lock, tryLock, withLock } from '../../src/locks/lock.ts';
import { becomeOwner, isGone, type LockOwner } from '../../src/locks/owner.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const MINUTE = 60_000;

function take(path: string): Lock {
  const lock = tryLock(path);
  if ('release' in lock) return lock;
  throw new Error(`owned by ${lock.owner}`);
}

/** A process that has ended. */
function deadOwner(): LockOwner {
  const { pid } = spawnSync(process.execPath, ['--version']);
  return { ...becomeOwner(), pid };
}

/** A process that has ended and that its parent does not wait for; it stays a zombie as long as the test runs. */
async function zombieOwner(): Promise<LockOwner> {
  // What the shell becomes knows nothing of the child that the shell had.
  const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 3600'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  let output = '';
  for await (const text of parent.stdout.setEncoding('utf8')) {
    output += text;
    if (output.includes('\n')) break;
  }
  const pid = Number(output);
  const fieldsOf = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  while (fieldsOf()[0] !== 'Z') await sleep(5);
  return { ...becomeOwner(), pid, processStart: fieldsOf()[19] };
}

/** A process on another machine. */
function remoteOwner(): LockOwner {
  return { ...becomeOwner(), host: 'elsewhere', processSpace: 'another boot' };
}

/** A file as `owner` would have left it, last heard of some milliseconds ago. */
function leaveLock(path: string, owner: LockOwner, silence = 0): void {
  writeFileSync(path, JSON.stringify(owner));
  const heartbeat = new Date(Date.now() - silence);
  utimesSync(path, heartbeat, heartbeat);
}

describe('a lock', () => {
  it('has one owner, who is named, until it is released', () => {
    const path = join(temporaryFolder(), 'folder/lock.json');
    const lock = take(path);
    expect(tryLock(path)).toEqual({ owner: expect.stringMatching(`^process ${process.pid} on .+ since 2`) });
    lock.requireHeld();
    lock.release();
    take(path).release();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it('of a dead process is taken over at once, together with what it left half-done', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'lock.json');
    const [owner, successor] = [deadOwner(), deadOwner()];
    leaveLock(path, owner);
    leaveLock(`${path}.${owner.id}`, successor);
    leaveLock(`${path}.${successor.id}.tmp`, successor);
    take(path).requireHeld();
    expect(readdirSync(folder)).toEqual(['lock.json']);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it.skipIf(process.platform !== 'linux')('of a zombie is taken over at once', async () => {
    const path = join(temporaryFolder(), 'lock.json');
    const owner = await zombieOwner();
    expect(() => process.kill(owner.pid, 0)).not.toThrow();
    leaveLock(path, owner);
    take(path).requireHeld();
  });

  it('of a dead process is left to a living one that is just taking it over', () => {
    const path = join(temporaryFolder(), 'lock.json');
    const owner = deadOwner();
    leaveLock(path, owner);
    leaveLock(`${path}.${owner.id}`, remoteOwner());
    expect(tryLock(path)).toEqual({ owner: expect.stringContaining(' on elsewhere ') });
  });

  it('tells its owner that it was removed or taken over, and is then not released on behalf of another', () => {
    const path = join(temporaryFolder(), 'lock.json');
    const lock = take(path);
    leaveLock(path, remoteOwner());
    expect(() => lock.requireHeld()).toThrow(/was taken over by process \d+ on elsewhere since/);
    lock.release();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ host: 'elsewhere' });
  });

  it('without a readable owner counts as taken as long as it is fresh', () => {
    const path = join(temporaryFolder(), 'lock.json');
    writeFileSync(path, '{"pid":');
    expect(tryLock(path)).toEqual({ owner: 'an unknown process' });
    utimesSync(path, 0, 0);
    expect(tryLock(path)).toEqual({ owner: 'an unknown process', isSilent: true });
  });

  it('is waited for with a word that says whose it is since when, and with another when its owner changes', async () => {
    const path = join(temporaryFolder(), 'lock.json');
    leaveLock(path, { ...remoteOwner(), since: '2025-01-31T12:00:05Z' });
    const said: string[] = [];
    const began = performance.now();
    const times: number[] = [];
    const waiting = withLock(
      path,
      () => 'done',
      undefined,
      (sentence) => {
        times.push(performance.now() - began);
        said.push(sentence);
        if (said.length === 1)
          leaveLock(path, { ...remoteOwner(), host: 'another', since: '2025-02-01T00:00:00Z' });
        else rmSync(path);
      },
    );
    expect(await waiting).toBe('done');
    expect(said).toEqual([
      `waiting for ${path}, which process ${process.pid} on elsewhere since 2025-01-31 12:00:05 UTC holds`,
      `waiting for ${path}, which process ${process.pid} on another since 2025-02-01 00:00:00 UTC holds`,
    ]);
    // Time that this process was not given does not count: it cannot speak then.
    expect(times[0]).toBeGreaterThanOrEqual(1000);
  });

  it('is given up a second after an interruption, and taken if it becomes free meanwhile', async () => {
    const path = join(temporaryFolder(), 'lock.json');
    leaveLock(path, remoteOwner());
    const controller = new AbortController();
    const waiting = withLock(path, () => 'done', controller.signal);
    controller.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
    const again = withLock(path, () => 'done', controller.signal);
    rmSync(path);
    expect(await again).toBe('done');
  });

  it('is waited for while short work of others goes on, unless that is interrupted', async () => {
    const path = join(temporaryFolder(), 'lock.json');
    const lock = take(path);
    const waiting = withLock(path, () => 'done');
    const interrupted = withLock(path, () => 'done', AbortSignal.abort(new Error('interrupted')));
    await expect(interrupted).rejects.toThrow('interrupted');
    lock.release();
    expect(await waiting).toBe('done');
  });
});

describe('an owner', () => {
  const now = Date.now();

  it('on this machine is gone when its process is, however fresh or old its heartbeat', () => {
    expect(isGone(deadOwner(), now, now)).toBe(true);
    expect(isGone(becomeOwner(), now - 60 * MINUTE, now)).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')('whose number another process has by now is gone', () => {
    const owner = { ...becomeOwner(), pid: process.ppid };
    expect(isGone({ ...owner, processStart: '1' }, now, now)).toBe(true);
    const { processStart, ...withoutStart } = owner;
    expect(isGone(withoutStart, now, now)).toBe(false);
  });

  it('in another container is not taken for a process here that has its number, and is judged by its heartbeat', () => {
    const owner = { ...becomeOwner(), pid: process.ppid, processSpace: 'this boot, another container' };
    expect(isGone(owner, now - 6 * MINUTE, now)).toBe(true);
    expect(isGone(owner, now, now)).toBe(false);
  });

  it('elsewhere seems gone after five minutes of silence, and never while its clock runs ahead', () => {
    expect(isGone(remoteOwner(), now - 4 * MINUTE, now)).toBe(false);
    expect(isGone(remoteOwner(), now - 6 * MINUTE, now)).toBe(true);
    expect(isGone(remoteOwner(), now + 60 * MINUTE, now)).toBe(false);
  });

  it('on this machine seems gone if it was last heard of before the machine started', () => {
    const owner = { ...becomeOwner(), processSpace: 'an earlier boot' };
    expect(isGone(owner, now - uptime() * 1000 - 1000, now)).toBe(true);
    expect(isGone(owner, now, now)).toBe(false);
  });
});

describe('processes that try at the same moment', () => {
  const [PROCESSES, ROUNDS] = [3, 24];

  it('get a lock to one of them, be it free or left by the dead', async () => {
    const folder = temporaryFolder();
    const script = join(import.meta.dirname, 'lock-process.ts');
    const children = Array.from({ length: PROCESSES }, () => {
      const child = spawn(process.execPath, ['--import', 'tsx', script, folder, String(ROUNDS)]);
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      return { child, outputOf: () => output };
    });
    while (children.some(({ outputOf }) => outputOf() === '')) await sleep(10);
    for (let round = 0; round < ROUNDS; round++) {
      const place = join(folder, `round-${round}`);
      mkdirSync(place);
      const owner = deadOwner();
      if (round % 3 > 0) leaveLock(join(place, 'lock.json'), owner);
      if (round % 3 > 1) leaveLock(join(place, `lock.json.${owner.id}`), deadOwner());
      writeFileSync(join(folder, `start-${round}.soon`), '');
      await sleep(8);
      writeFileSync(join(folder, `start-${round}`), '');
    }
    while (children.some(({ child, outputOf }) => child.exitCode === null && !outputOf().endsWith(']')))
      await sleep(10);
    for (const { child } of children) child.stdin.end();
    await Promise.all(children.map(({ child }) => new Promise((resolve) => child.on('close', resolve))));
    const won = children.flatMap(({ outputOf }) => JSON.parse(outputOf().replace('ready\n', '')) as number[]);
    expect(won.toSorted((a, b) => a - b)).toEqual(Array.from({ length: ROUNDS }, (_, round) => round));
  });
});
