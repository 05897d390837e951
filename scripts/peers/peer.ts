/** @file A process of one side of the benchmark, which answers requests and sleeps between them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { z } from 'zod';
import { parseJson } from '../../src/files/json.ts';
import { type Memory, readMemory } from './memory.ts';
import { engineOf, layoutOf, nameSide, type Side } from './sides.ts';
import { type PeerTask, taskOfSide } from './workloads.ts';

/** Runs from where the last one ended, on the task's batch, or one of noise. */
export interface TimeRequest {
  readonly command: 'time';
  readonly runs: number;
}

/** One run from the state and on the feeds of a file (exchange.ts). */
export interface CheckRequest {
  readonly command: 'check';
  readonly input: string;
  /** Where the state after the run is written, if it is wanted. */
  readonly output: string | null;
}

export type PeerRequest = TimeRequest | CheckRequest;

/** Numbers that JSON has no word for arrive as null, or as text that is not JSON: both fail the benchmark. */
const timeSchema = z.strictObject({ milliseconds: z.array(z.number()).min(1), loss: z.number() });
const checkSchema = z.strictObject({ loss: z.number(), metric: z.number() });
export type Timing = z.output<typeof timeSchema>;
export type CheckResult = z.output<typeof checkSchema>;

export class Peer {
  private readonly lines: AsyncIterator<string>;
  private readonly ended: Promise<string>;

  private constructor(
    readonly side: Side,
    private readonly child: ChildProcess,
    output: Interface,
  ) {
    this.lines = output[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
  }

  /**
   * Starts a process; what it prints on standard error is passed on.
   *
   * @param python the interpreter that has PyTorch, for the sides of PyTorch
   */
  static start(side: Side, task: PeerTask, python?: string): Peer {
    const { command, parameters, environment } = describeProcess(side, taskOfSide(task, side), python);
    const child = spawn(command, parameters, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    });
    // A process that died is noticed by its missing answer.
    child.stdin.on('error', () => undefined);
    return new Peer(side, child, createInterface({ input: child.stdout }));
  }

  /** @throws Error if the process ends instead of answering, or its loss is not finite */
  time(runs: number): Promise<Timing> {
    return this.ask({ command: 'time', runs }, timeSchema);
  }

  /** @throws Error if the process ends instead of answering, or its loss is not finite */
  check(input: string, output: string | null): Promise<CheckResult> {
    return this.ask({ command: 'check', input, output }, checkSchema);
  }

  /** What the process holds, or nothing where the system does not tell. */
  readMemory(): Memory | undefined {
    return readMemory(this.child.pid);
  }

  /** Ends the process and waits for its end. */
  async stop(): Promise<void> {
    this.child.stdin?.end();
    await this.ended;
  }

  private async ask<T extends z.ZodType>(request: PeerRequest, schema: T): Promise<z.output<T>> {
    this.child.stdin?.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`the process of ${nameSide(this.side)} ended with ${await this.ended}`);
    return parseJson(value, schema, `answer of ${nameSide(this.side)}`);
  }
}

interface ProcessDescription {
  readonly command: string;
  readonly parameters: readonly string[];
  /** What is set besides the environment of the benchmark. */
  readonly environment: Readonly<Record<string, string>>;
}

function describeProcess(side: Side, task: PeerTask, python: string | undefined): ProcessDescription {
  const script = (name: string): string => join(import.meta.dirname, name);
  // Engines of td hand their number of threads to their libraries, as for any user.
  const engine = engineOf(side);
  if (engine !== undefined)
    return {
      command: process.execPath,
      parameters: ['--import', 'tsx/esm', script('td-peer.ts'), JSON.stringify(task), engine],
      environment: {},
    };
  if (python === undefined) throw new Error(`${nameSide(side)} needs an interpreter that has PyTorch`);
  const count = String(task.threads);
  return {
    command: python,
    parameters: [script('peer.py'), JSON.stringify(task), layoutOf(side) ?? ''],
    environment: {
      // PyTorch's own setting does not reach the threads of OpenBLAS.
      OMP_NUM_THREADS: count,
      OPENBLAS_NUM_THREADS: count,
      MKL_NUM_THREADS: count,
      PYTHONDONTWRITEBYTECODE: '1',
    },
  };
}
