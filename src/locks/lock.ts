/** @file Locks between processes: a file that names its owner, kept fresh while the owner lives. */
import { readdirSync, rmSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { makeDirectory } from '../files/directories.ts';
import { claimLock, readLock } from './lock-file.ts';
import { becomeOwner, ceaseOwning, describeOwner, type LockOwner } from './owner.ts';
import { CONFIRMATION_TIME } from './silence.ts';

/** Milliseconds between two heartbeats. */
const HEARTBEAT_INTERVAL = 15_000;

/** Milliseconds between two looks at a lock that is waited for. */
const POLL_INTERVAL = 50;

/** Milliseconds. A shorter wait is not announced, and an interrupted process waits no longer; locks are mostly held for less. */
const PATIENCE = 1000;

export interface Lock {
  /** @throws UserError if the lock is no longer there, or another process has taken it over */
  requireHeld(): void;
  release(): void;
}

/** Someone else's lock. */
export interface Busy {
  /** As `describeOwner` describes it: `process 4711 on machine since 2025-01-31 12:00:05 UTC`. */
  readonly owner: string;
  /** The owner has been silent for long, if the clocks are right: see `takeLock`. */
  readonly isSilent?: true;
}

/** More than the time for which a heartbeat has to stand still: timers may come a little early. */
const WATCH_SECONDS = CONFIRMATION_TIME / 1000 + 1;

/**
 * Takes a lock if it is free or its owner has ended. The folder is made if it is missing. An owner on another machine keeps its
 * lock, however old its last heartbeat is by the clock, until calls some time apart have seen the heartbeat stand still.
 *
 * @throws Error of the file system if the lock cannot be written
 */
export function tryLock(path: string): Lock | Busy {
  makeDirectory(dirname(path));
  const self = becomeOwner();
  const busy = claimOrCease(path, self);
  if (busy !== undefined) return busy;
  const heartbeat = setInterval(() => beat(path, self), HEARTBEAT_INTERVAL).unref();
  return {
    requireHeld: () => requireHeld(path, self),
    release() {
      clearInterval(heartbeat);
      ceaseOwning(self);
      if (readLock(path)?.owner?.id === self.id) rmSync(path, { force: true });
    },
  };
}

/**
 * Takes a lock as `tryLock` does. If the owner has been silent for long by the clock alone, which may have been set, its heartbeat
 * is watched for half a minute first.
 *
 * @param onWait called with a sentence that says what is waited for
 * @throws as `tryLock`, or the signal's reason if it is aborted meanwhile
 */
export async function takeLock(
  path: string,
  signal?: AbortSignal,
  onWait?: (sentence: string) => void,
): Promise<Lock | Busy> {
  const lock = tryLock(path);
  if ('release' in lock || !lock.isSilent) return lock;
  onWait?.(describeSilence(lock));
  await watchSilentOwner(signal);
  return tryLock(path);
}

/** What is said of a silent owner before it is watched. */
export function describeSilence({ owner }: Busy): string {
  return `${owner} was not heard of for long; looking for a sign of it for ${WATCH_SECONDS} s`;
}

/**
 * Waits for as long as it takes to tell whether a silent owner is still there: `tryLock` does so thereafter.
 *
 * @throws the signal's reason if it is aborted meanwhile
 */
export async function watchSilentOwner(signal?: AbortSignal): Promise<void> {
  await sleep(WATCH_SECONDS * 1000, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
}

/**
 * Runs short work while holding a lock, and waits for it as long as it takes; once the signal is aborted, for a second at most.
 *
 * @param onWait called with a sentence that says what is waited for, after a second of waiting and whenever the owner changes
 * @throws the signal's reason if it is aborted while another process holds the lock
 */
export async function withLock<T>(
  path: string,
  work: () => T,
  signal?: AbortSignal,
  onWait?: (sentence: string) => void,
): Promise<T> {
  const began = performance.now();
  let interrupted: number | undefined;
  let named: string | undefined;
  for (;;) {
    const lock = tryLock(path);
    if ('release' in lock) {
      try {
        return work();
      } finally {
        lock.release();
      }
    }
    const now = performance.now();
    if (named !== lock.owner && now - began >= PATIENCE) {
      named = lock.owner;
      onWait?.(`waiting for ${path}, which ${lock.owner} holds`);
    }
    if (signal?.aborted) {
      interrupted ??= now;
      if (now - interrupted >= PATIENCE) throw signal.reason;
    }
    await sleep(POLL_INTERVAL);
  }
}

/** @returns nothing if this process holds the lock now */
function claimOrCease(path: string, self: LockOwner): Busy | undefined {
  let rival: ReturnType<typeof claimLock>;
  try {
    rival = claimLock(path, self);
    if (rival === undefined) removeLeftovers(path);
  } catch (error) {
    ceaseOwning(self);
    throw error;
  }
  if (rival === undefined) return undefined;
  ceaseOwning(self);
  return { owner: describeOwner(rival.owner), ...(rival.isSilent && { isSilent: true }) };
}

/** A beat that fails is left out: code that relies on the lock asks whether it is still held. */
function beat(path: string, self: LockOwner): void {
  try {
    requireHeld(path, self);
    utimesSync(path, new Date(), new Date());
  } catch {}
}

function requireHeld(path: string, self: LockOwner): void {
  const found = readLock(path);
  if (found?.owner?.id === self.id) return;
  throw new UserError(
    found === undefined
      ? `${dirname(path)} or the lock in it was removed while this process was at work there`
      : `${dirname(path)} was taken over by ${describeOwner(found.owner)} while this process was not heard of`,
  );
}

/** Removes what processes that were killed while taking this lock left beside it. */
function removeLeftovers(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(path), name), { force: true });
  }
}
