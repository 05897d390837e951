/** @file Runs a whole command line within this process, as bin/td does in its own, and judges how it ended. */
import { expect } from 'vitest';
import { runCommandLine } from '../../src/cli/command-line.ts';

export interface EndedLine {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Processor time, which others at work on the machine do not add to. */
  readonly seconds: number;
}

/** No input, however odd, may take longer: seconds of processor time. */
export const LONGEST = 5;

/** A line without the characters that steer a terminal, and short enough to be read. */
const SENTENCE = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]{10,2200}$/u;

/** Ends with both outputs captured; nothing of it reaches the terminal. */
export async function runLine(words: readonly string[]): Promise<EndedLine> {
  const outputs = { stdout: '', stderr: '' };
  const original = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = ((chunk: string | Uint8Array) => {
      outputs[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    }) as typeof process.stdout.write;
  }
  const codeBefore = process.exitCode;
  process.exitCode = undefined;
  const began = process.cpuUsage();
  try {
    const code = await runCommandLine(words);
    const { user, system } = process.cpuUsage(began);
    return { code, ...outputs, seconds: (user + system) / 1e6 };
  } finally {
    process.exitCode = codeBefore;
    process.stdout.write = original.stdout;
    process.stderr.write = original.stderr;
  }
}

/** The same on a folder of results, which the outputs then leave out: `few/sweep.csv`. */
export async function runLineOn(results: string, ...words: readonly string[]): Promise<EndedLine> {
  const ended = await runLine([...words, '--results', results]);
  const shorten = (text: string) => text.replaceAll(`${results}/`, '');
  return { ...ended, stdout: shorten(ended.stdout), stderr: shorten(ended.stderr) };
}

/**
 * What must hold for every command line.
 *
 * @param mayFail whether the command compares or verifies, and so may end with 1
 */
export function requireGoodEnd({ code, stdout, stderr, seconds }: EndedLine, mayFail = false): void {
  expect([0, 2, ...(mayFail ? [1] : [])], stderr).toContain(code);
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  expect(seconds).toBeLessThan(LONGEST);
  // What is missing or differs is told in sentences, or in what was asked for.
  if (code === 1) {
    expect(stdout + stderr).not.toBe('');
    for (const line of stderr.split('\n').filter((text) => text !== '')) expect(line).toMatch(SENTENCE);
  }
  if (code !== 2) return;
  expect(stdout).toBe('');
  // Without a command, what there is is listed.
  if (stderr.startsWith('Usage: td ')) return;
  // One sentence: a line, without the characters that steer a terminal, and short enough to be read.
  expect(stderr.replace(/\n$/, '')).toMatch(/^td: /);
  expect(stderr.replace(/\n$/, '')).toMatch(SENTENCE);
}
