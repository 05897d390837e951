/** @file Commands of td, and programs like them, that go on while a test does something to them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Ended, TD } from './td.ts';

export interface Background {
  readonly child: ChildProcess;
  /** All of standard error so far. */
  stderr(): string;
  /** Waits for text on standard error. */
  says(pattern: RegExp): Promise<void>;
  /** What it left, once it has ended; the code of a killed process is null. */
  readonly ended: Promise<Ended>;
}

/** Starts td; neither of its outputs is a terminal. */
export function startTd(folder: string, ...parameters: readonly string[]): Background {
  return startNode(folder, TD, ...parameters);
}

/** Starts a program of Node in a folder. */
export function startNode(folder: string, ...parameters: readonly string[]): Background {
  const child = spawn(process.execPath, parameters, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const outputs = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  const tellAll = () => {
    for (const look of waiting) look();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      outputs[name] += text;
      tellAll();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, ...outputs }));
  });
  const says = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(outputs.stderr)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`td ended without saying ${pattern}:\n${outputs.stderr}`)));
    });
  return { child, stderr: () => outputs.stderr, says, ended };
}
