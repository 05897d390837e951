/** @file Lock files: created, read and taken over, in such a way that only one of several processes succeeds. */
import { linkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { nameFile, writeFileAtomic, writeNewFile } from '../files/atomic.ts';
import { LARGEST_RECORD } from '../files/json.ts';
import { readBoundedFile } from '../files/read.ts';
import { type LockOwner, parseOwner, standingOf } from './owner.ts';
import { hasEnded, watchHeartbeat } from './silence.ts';

export interface FoundLock {
  /** Nothing if the file does not name one. */
  readonly owner: LockOwner | undefined;
  /** When the owner was last heard of, in milliseconds since 1970. */
  readonly heartbeat: number;
}

/** A lock that another process holds. */
export interface RivalLock extends FoundLock {
  /** By this machine's clock the owner has ended, but its heartbeat was not watched for long enough to be sure. */
  readonly isSilent: boolean;
}

/**
 * Makes the file at `path` name this process as the owner, if no other process is. Where there is no file, it is created in
 * one step, which only one process can do. A file whose owner has ended is replaced by the process that holds a second
 * lock, named after that owner: the claim to succeed it. A claim is a lock like any other, so a claim whose holder has ended
 * is taken over in the same way. It is given up after the replacement: a process that gets it later finds in the file another
 * owner than the one it meant to succeed, and begins again.
 *
 * @returns nothing if this process owns the lock now, else the lock of the process that does
 * @throws Error of the file system
 */
export function claimLock(path: string, self: LockOwner): RivalLock | undefined {
  for (;;) {
    const found = readLock(path);
    if (found === undefined) {
      if (create(path, self)) return undefined;
      continue;
    }
    const { owner, heartbeat } = found;
    const standing = standingOf(owner, heartbeat);
    const isSilent = standing === 'silent';
    const isElsewhere = isSilent || standing === 'heard of';
    const isOver = isElsewhere ? hasEnded(isSilent, watchHeartbeat(path, heartbeat)) : standing === 'gone';
    if (!isOver) return { ...found, isSilent };
    const succession = `${path}.${owner?.id ?? 'unknown'}`;
    const rival = claimLock(succession, self);
    if (rival !== undefined) return rival;
    try {
      const again = readLock(path);
      if (again?.owner?.id === owner?.id && again?.heartbeat === heartbeat) {
        writeFileAtomic(path, JSON.stringify(self));
        return undefined;
      }
    } finally {
      rmSync(succession, { force: true });
    }
  }
}

/** Creates the file with its content at once: a lock without an owner's name could not be judged if we died now. */
function create(path: string, self: LockOwner): boolean {
  const temporary = `${path}.${self.id}.tmp`;
  try {
    writeNewFile(temporary, JSON.stringify(self));
    linkSync(temporary, path);
    return true;
  } catch (error) {
    const { code = '', syscall } = error as NodeJS.ErrnoException;
    if (syscall !== 'link') throw nameFile(error as NodeJS.ErrnoException, path);
    const links = statSync(temporary, { throwIfNoEntry: false })?.nlink;
    // A server may have made the link and then, asked again since its answer was lost, say that it is there.
    if (code === 'EEXIST') return links === 2;
    // The owner tidied up and took our file for a leftover.
    if (links === undefined) return false;
    // A file system without hard links, or without one to spare, says so in words of its own: EPERM, ENOTSUP, EMLINK, EXDEV …
    return createWithoutLink(path, self);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function createWithoutLink(path: string, self: LockOwner): boolean {
  try {
    writeFileSync(path, JSON.stringify(self), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw nameFile(error as NodeJS.ErrnoException, path);
  }
}

/**
 * @returns nothing if there is no such file
 * @throws UserError if it is no file, or larger than any lock
 */
export function readLock(path: string): FoundLock | undefined {
  const text = readBoundedFile(path, LARGEST_RECORD)?.toString('utf8');
  if (text === undefined) return undefined;
  try {
    return { owner: parseOwner(text), heartbeat: statSync(path).mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
