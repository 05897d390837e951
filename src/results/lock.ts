/** @file Locks between processes: a file that names its owner, kept fresh while the owner lives. */
import { mkdirSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { claimLock, readLock } from './lock-file.ts';
import { becomeOwner, ceaseOwning, type LockOwner, wordOwner } from './lock-owner.ts';

/** Milliseconds between two heartbeats. */
const HEARTBEAT_INTERVAL = 15_000;

/** Milliseconds between two looks at a lock that is waited for. */
const POLL_INTERVAL = 50;

export interface Lock {
  /** @throws UserError if the lock is no longer there, or another process has taken it over */
  requireHeld(): void;
  release(): void;
}

/** Someone else's lock. */
export interface Busy {
  /** In words: `process 4711 on machine since 2025-01-31 12:00:05 UTC`. */
  readonly owner: string;
}

/**
 * Takes a lock if it is free or its owner is no more. The folder is made if it is missing.
 *
 * @throws Error of the file system if the lock cannot be written
 */
export function tryLock(path: string): Lock | Busy {
  mkdirSync(dirname(path), { recursive: true });
  const self = becomeOwner();
  const owner = claimOrCease(path, self);
  if (owner !== undefined) return { owner };
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
 * Runs short work while holding a lock, and waits for it as long as it takes.
 *
 * @throws the signal's reason if it is aborted while waiting
 */
export async function withLock<T>(path: string, work: () => T, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const lock = tryLock(path);
    if ('release' in lock) {
      try {
        return work();
      } finally {
        lock.release();
      }
    }
    await sleep(POLL_INTERVAL);
    signal?.throwIfAborted();
  }
}

/** @returns the other owner in words, if there is one */
function claimOrCease(path: string, self: LockOwner): string | undefined {
  let found: ReturnType<typeof claimLock>;
  try {
    found = claimLock(path, self);
    if (found === undefined) removeLeftovers(path);
  } catch (error) {
    ceaseOwning(self);
    throw error;
  }
  if (found === undefined) return undefined;
  ceaseOwning(self);
  return wordOwner(found.owner);
}

/** A beat that fails is left out: whoever relies on the lock asks whether it is held. */
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
      : `${dirname(path)} was taken over by ${wordOwner(found.owner)} while this process was not heard of`,
  );
}

/** Removes what processes that were killed while taking this lock left beside it. */
function removeLeftovers(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(path), name), { force: true });
  }
}
