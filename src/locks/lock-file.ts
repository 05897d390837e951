/** @file Lock files: made, read and taken over so that of any number of processes one alone succeeds. */
import { linkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { writeFileAtomic, writeNewFile } from '../files/atomic.ts';
import { LARGEST_RECORD } from '../files/json.ts';
import { readBoundedFile } from '../files/read.ts';
import { type LockOwner, parseOwner, standingOf } from './owner.ts';
import { hasEnded, watchHeartbeat } from './silence.ts';

export interface FoundLock {
  /** Nothing if the file names none. */
  readonly owner: LockOwner | undefined;
  /** When the owner was last heard of, in milliseconds since 1970. */
  readonly heartbeat: number;
}

/** A lock that is not to be had. */
export interface RivalLock extends FoundLock {
  /** By the clock of this machine its owner is no more, but it has not been watched for long enough to be sure. */
  readonly isSilent: boolean;
}

/**
 * Makes the file at `path` name this process, by ways of which one alone succeeds: creating it where there is none, and
 * replacing an abandoned one while holding the claim on its owner's succession. A claim is itself such a lock, so one whose
 * holder died is taken over in the same way. It is given up only after the replacement: whoever gets it later finds
 * another owner than the one whose succession it claimed.
 *
 * @returns nothing if it does now, else what it says of another owner
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
    if (syscall !== 'link') throw error;
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
    throw error;
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
