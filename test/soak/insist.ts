/** @file Processes that are killed again and again at random until they have done their work. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { integer } from '../../src/random/streams.ts';
import type { Background } from '../cli/background.ts';
import type { Ended } from '../cli/td.ts';
import { isSoak } from './form.ts';

/** Milliseconds between two looks at whether a process is at work yet. */
const POLL_INTERVAL = 5;

/** Kills come within this share of the time of an undisturbed process: later ones may come too late, and cost a round. */
const KILL_SHARE = isSoak ? 0.7 : 0.3;

/** One kill in so many comes while the process still starts. */
const EARLY_SHARE = 10;

const STARTING = 'starting';

/** A command that is to be killed. */
export interface Victim {
  start(): Background;
  /** Whether the process has come to what is to be cut off; before that it only loads itself. */
  isAtWork(process: Background): boolean;
  /** What a kill cut off, in a word, told by what it left. */
  judge(process: Background, killed: Ended): string;
  /** Called after each kill: nothing half-written may be taken for good. */
  check?(): void;
}

/** Milliseconds that an undisturbed process takes to start, and then to do its work. */
export interface Duration {
  readonly start: number;
  readonly work: number;
}

/** How many kills cut off what. */
export class Kills {
  private readonly counts = new Map<string, number>();
  /** Kills that were tried, those that came too late among them. */
  attempts = 0;
  /** Of the time of an undisturbed process: as other processes come and go, this one becomes faster or slower. */
  private pace = 1;

  /** Milliseconds after which the next kill should come at the latest, for it to come in time. */
  latest(milliseconds: number): number {
    return Math.ceil(KILL_SHARE * this.pace * milliseconds);
  }

  /** A kill came, or came too late. */
  adjust(cameInTime: boolean): void {
    this.pace = Math.min(1, this.pace * (cameInTime ? 1.1 : 0.7));
  }

  add(moment: string): void {
    this.counts.set(moment, this.of(moment) + 1);
  }

  of(moment: string): number {
    return this.counts.get(moment) ?? 0;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Those that cut off work. */
  get atWork(): number {
    return this.total - this.of(STARTING);
  }

  toString(): string {
    return [...this.counts].map(([moment, count]) => `${moment} ${count}`).join(', ');
  }
}

/** Runs a command undisturbed. */
export async function measure(victim: Victim): Promise<Duration> {
  const began = performance.now();
  const process = victim.start();
  await untilAtWork(victim, process);
  const start = performance.now() - began;
  expect(await process.ended).toMatchObject({ code: 0 });
  return { start, work: performance.now() - began - start };
}

/** Runs a command until it ends by itself, and kills it before that as long as fewer kills cut off work than the limit. */
export async function insist(victim: Victim, duration: Duration, kills: Kills, limit: number): Promise<void> {
  for (;;) {
    const process = victim.start();
    const wasAtWork = kills.atWork < limit && (await killSometime(victim, process, duration, kills));
    const ended = await process.ended;
    if (kills.atWork < limit) kills.adjust(ended.code === null);
    if (ended.code !== null) {
      // It was: that much it may say.
      const said = ended.stderr.match(/warning(?!: it was cut off \d+ times).*|failed.*/g);
      expect({ code: ended.code, said }, ended.stderr).toEqual({ code: 0, said: null });
      return;
    }
    kills.add(wasAtWork ? victim.judge(process, ended) : STARTING);
    victim.check?.();
  }
}

/** @returns whether the process was at work when it was killed */
async function killSometime(
  victim: Victim,
  process: Background,
  { start, work }: Duration,
  kills: Kills,
): Promise<boolean> {
  const index = kills.attempts++;
  const isEarly = index % EARLY_SHARE === EARLY_SHARE - 1;
  if (!isEarly) await untilAtWork(victim, process);
  const delay = integer({ seed: 7, purpose: 'kill', index }, kills.latest(isEarly ? start : work));
  await Promise.race([process.ended, sleep(delay)]);
  const wasAtWork = victim.isAtWork(process);
  process.child.kill('SIGKILL');
  return wasAtWork;
}

async function untilAtWork(victim: Victim, process: Background): Promise<void> {
  let hasEnded = false;
  void process.ended.then(() => {
    hasEnded = true;
  });
  while (!hasEnded && !victim.isAtWork(process)) await sleep(POLL_INTERVAL);
}

/** Whether td has loaded what computes; where the system does not say, it counts as at work from the start. */
export function hasLoadedEngine({ child }: Background): boolean {
  try {
    return readFileSync(`/proc/${child.pid}/maps`, 'utf8').includes('onnxruntime');
  } catch {
    return process.platform !== 'linux';
  }
}
