/** @file Runs a program to its end and keeps what it says. */
import { spawn } from 'node:child_process';

/** Characters of each output that are kept: its beginning is dropped. */
const MOST_CHARACTERS = 2 ** 20;

export interface Ended {
  /** Nothing if a signal ended it, or it could not be started. */
  readonly code: number | undefined;
  readonly endedBy?: NodeJS.Signals;
  /** Why it could not be started: the system's error code, such as ENOENT. */
  readonly unstartable?: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** What the program reads on its standard input. */
  readonly input?: string;
  /** Milliseconds after which it is ended. */
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told each piece of its standard output. */
  readonly onOutput?: (text: string) => void;
}

/**
 * Runs a program. It dies with this process, and when the signal is aborted.
 *
 * @throws the signal's reason if it is aborted
 */
export function runProgram(
  command: string,
  parameters: readonly string[],
  { cwd, environment = process.env, input, timeout, signal, onOutput }: RunOptions = {},
): Promise<Ended> {
  signal?.throwIfAborted();
  const child = spawn(command, parameters, {
    env: environment,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(timeout === undefined ? {} : { timeout, killSignal: 'SIGKILL' as const }),
  });
  const outputs = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      outputs[name] = (outputs[name] + text).slice(-MOST_CHARACTERS);
      if (name === 'stdout') onOutput?.(text);
    });
  }
  // A program that ends without reading closes the pipe before us.
  child.stdin?.on('error', () => {}).end(input);
  const stop = () => child.kill();
  process.once('exit', stop);
  signal?.addEventListener('abort', stop, { once: true });
  return new Promise<Ended>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ code: undefined, unstartable: error.code ?? error.message, ...outputs }),
    );
    child.on('close', (code, endedBy) => {
      if (signal?.aborted) reject(signal.reason);
      else resolve({ code: code ?? undefined, ...(endedBy === null ? {} : { endedBy }), ...outputs });
    });
  }).finally(() => {
    process.off('exit', stop);
    signal?.removeEventListener('abort', stop);
  });
}

/** The last line that is not empty. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}
