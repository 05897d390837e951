/** @file Which engine is the faster one for a network: measured once by a few training steps of each in turn, and remembered. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { scriptWords } from '../../child-script.ts';
import type { RunSettings } from '../../config/schema.ts';
import type { DeviceName, EngineName, EngineOptions } from '../../engines/types.ts';
import { median } from '../../median.ts';
import { listPlugins } from '../../plugins/loaded.ts';

/** What could compute. */
export interface Candidate {
  readonly engine: EngineName;
  readonly device: DeviceName;
}

/** What a process of a trial is started with. */
export interface TrialTask {
  readonly settings: RunSettings;
  readonly engine: EngineName;
  readonly options: EngineOptions;
  /** Paths of the plugins that the settings may need. */
  readonly plugins: readonly string[];
}

export interface TrialTime extends Candidate {
  /** Median of a training step. */
  readonly stepMilliseconds: number;
}

/** Steps of each engine before those that count: the first ones compile and take memory. */
const WARMUP_STEPS = 2;
/** Milliseconds of one engine's turn; the turns alternate, so that whatever else the machine does meets all of them. */
const TURN = 150;
const ROUNDS = 5;
const MOST_STEPS_A_TURN = 50;
/** Milliseconds after which no further round begins. */
const LIMIT = 8_000;
/** Milliseconds after which a process that does not answer is given up: a driver may hang. */
const PATIENCE = 120_000;

/**
 * Times training steps on several engines, each in a process of its own, on images of zeros.
 *
 * @returns a time for each engine that could take steps, the fastest first
 */
export async function tryEngines(
  settings: RunSettings,
  candidates: readonly Candidate[],
  options: EngineOptions,
): Promise<TrialTime[]> {
  const began = performance.now();
  const started = candidates.map((candidate) => TrialProcess.start(candidate, settings, options));
  try {
    const steps = new Map<TrialProcess, number>();
    for (const process of started) {
      const [last] = (await process.ready()) ? (await process.take(WARMUP_STEPS)).slice(-1) : [];
      if (last !== undefined) steps.set(process, clamp(Math.round(TURN / last), 1, MOST_STEPS_A_TURN));
    }
    const times = new Map<TrialProcess, number[]>();
    for (let round = 0; round < ROUNDS && (round === 0 || performance.now() - began < LIMIT); round++) {
      for (const [process, count] of steps)
        times.set(process, [...(times.get(process) ?? []), ...(await process.take(count))]);
    }
    return [...times]
      .flatMap(([{ candidate }, milliseconds]) =>
        milliseconds.length === 0 ? [] : [{ ...candidate, stepMilliseconds: median(milliseconds) }],
      )
      .sort((a, b) => a.stepMilliseconds - b.stepMilliseconds);
  } finally {
    for (const process of started) process.stop();
  }
}

/**
 * Under what a result is remembered: the network and its batches, whatever the method.
 *
 * @param surroundings versions, processor, threads
 */
export function trialKey({ model, schedule, dataset }: RunSettings, surroundings: unknown): string {
  const { batchSize, optimizer } = schedule;
  const parts = [model, batchSize, optimizer.name, dataset.name, surroundings];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

function clamp(number: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, number));
}

class TrialProcess {
  private readonly lines: AsyncIterator<string>;

  private constructor(
    readonly candidate: Candidate,
    private readonly child: ChildProcess,
  ) {
    this.lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    // One that dies is noticed by its missing answer.
    child.on('error', () => undefined);
    child.stdin?.on('error', () => undefined);
  }

  static start(candidate: Candidate, settings: RunSettings, options: EngineOptions): TrialProcess {
    const { engine, device } = candidate;
    const task: TrialTask = { settings, engine, options: { ...options, device }, plugins: listPlugins() };
    const parameters = [...scriptWords(import.meta.dirname, 'process'), JSON.stringify(task)];
    const child = spawn(process.execPath, parameters, { stdio: ['pipe', 'pipe', 'ignore'] });
    return new TrialProcess(candidate, child);
  }

  /** Whether the engine compiled the step. */
  async ready(): Promise<boolean> {
    return (await this.answer()) !== undefined;
  }

  /** @returns milliseconds of each step; nothing if the process has ended */
  async take(steps: number): Promise<number[]> {
    this.child.stdin?.write(`${steps}\n`);
    const line = await this.answer();
    return line === undefined ? [] : (JSON.parse(line) as number[]);
  }

  /** @returns the next line; nothing if the process has ended, or says nothing and is ended */
  private async answer(): Promise<string | undefined> {
    const timer = setTimeout(() => this.stop(), PATIENCE);
    const { value, done } = await this.lines.next().finally(() => clearTimeout(timer));
    return done ? undefined : value;
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}
