/** @file Who holds a lock, and whether that process is still at work. */
import { randomBytes } from 'node:crypto';
import { hostname, uptime } from 'node:os';
import { z } from 'zod';
import { identifySelf, isRunning, processSpace } from './processes.ts';
import { SILENCE_LIMIT } from './silence.ts';

/** A process, with the fields of `ProcessIdentity`, as the owner of one lock. */
const ownerSchema = z.object({
  /** A new one for each lock that is taken. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  pid: z.int().positive(),
  host: z.string(),
  processSpace: z.string(),
  processStart: z.string().optional(),
  /** ISO 8601, UTC. */
  since: z.iso.datetime(),
});

export type LockOwner = z.output<typeof ownerSchema>;

/** Ids of the locks that this process holds. */
const ownIds = new Set<string>();

/** This process as the owner of a new lock. */
export function becomeOwner(): LockOwner {
  const id = randomBytes(8).toString('hex');
  ownIds.add(id);
  return { id, ...identifySelf(), since: new Date().toISOString() };
}

/** From now on a lock of this owner counts as abandoned, even if its file could not be removed. */
export function ceaseOwning({ id }: LockOwner): void {
  ownIds.delete(id);
}

/** @returns nothing if the text names no owner */
export function parseOwner(text: string): LockOwner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * What is known of an owner: `at work` or `gone` where its process could be looked for; elsewhere its heartbeat tells, by
 * this machine's clock: `heard of` lately, or `silent`.
 */
export type Standing = 'at work' | 'gone' | 'heard of' | 'silent';

/**
 * How an owner stands. Where process numbers can be compared, the process is looked for; elsewhere the heartbeat decides,
 * as one from before this machine's start does on a machine of the same name.
 *
 * @param owner nothing if the lock does not say
 * @param heartbeat when the owner was last heard of, in milliseconds since 1970
 * @param now in the same unit; a heartbeat that lies ahead of it is taken for a fresh one
 */
export function standingOf(owner: LockOwner | undefined, heartbeat: number, now = Date.now()): Standing {
  const isSameHost = owner?.host === hostname();
  const space = processSpace();
  const look = (): Standing => (owner !== undefined && isAtWork(owner) ? 'at work' : 'gone');
  if (isSameHost && space !== '' && owner.processSpace === space) return look();
  const silence = now - heartbeat;
  if (isSameHost && silence > uptime() * 1000) return 'silent';
  if (isSameHost && space === '' && owner.processSpace === '') return look();
  return silence > SILENCE_LIMIT ? 'silent' : 'heard of';
}

/** Whether an owner has ended, as far as this machine's clock can tell. */
export function isGone(owner: LockOwner | undefined, heartbeat: number, now?: number): boolean {
  const standing = standingOf(owner, heartbeat, now);
  return standing === 'gone' || standing === 'silent';
}

/** `process 4711 on machine since 2025-01-31 12:00:05 UTC` */
export function describeOwner(owner: LockOwner | undefined): string {
  if (owner === undefined) return 'an unknown process';
  return `process ${owner.pid} on ${owner.host} since ${owner.since.slice(0, 19).replace('T', ' ')} UTC`;
}

function isAtWork(owner: LockOwner): boolean {
  return owner.pid === process.pid ? ownIds.has(owner.id) : isRunning(owner);
}
