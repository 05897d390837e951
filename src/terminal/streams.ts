/** @file Standard output and standard error as they may be: full, closed, a terminal that vanished. */
import { closeSync, fstatSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { describeSystemError } from './failures.ts';

const STREAMS = { stdout: 'standard output', stderr: 'standard error' } as const;
type StreamName = keyof typeof STREAMS;

/** What each stream first failed with. */
const losses = new Map<StreamName, NodeJS.ErrnoException>();
/** Descriptors that were terminals when td began (0 is standard input): one that has vanished no longer says that it is one. */
const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
let isLossAllowed = false;

/**
 * Keeps a failed write to standard output or standard error from ending the process, and remembers the first error of each.
 * Where a stream is redirected to a file, each write is made here, whole or with an error: Node's own stream silently drops
 * what a full disk has no room for.
 */
export function guardStreams(): void {
  for (const name of Object.keys(STREAMS) as StreamName[]) {
    const stream: Writable & { readonly fd: number } = process[name];
    stream.on('error', (error) => remember(name, error));
    if (stream instanceof Socket) continue;
    stream._write = (chunk: Uint8Array, _encoding, done) => {
      try {
        writeFileSync(stream.fd, chunk);
      } catch (error) {
        remember(name, error as NodeJS.ErrnoException);
      }
      done();
    };
  }
  process.on('exit', closeVanished);
}

/**
 * When a process ends, Node restores the settings of its terminals, and aborts if one of them has vanished. It does not touch
 * closed descriptors, so those of vanished terminals are closed here.
 */
function closeVanished(): void {
  for (const descriptor of terminals) {
    if (isatty(descriptor)) continue;
    try {
      closeSync(descriptor);
    } catch {
      // It was closed before.
    }
  }
}

function remember(name: StreamName, error: NodeJS.ErrnoException): void {
  if (!losses.has(name)) losses.set(name, error);
}

/** Says that files now hold all that is still to be printed: a failed write is a warning from here on, and no failure. */
export function allowLoss(): void {
  isLossAllowed = true;
}

/** What could not be written so far, in sentences for the log of a run. */
export function listLosses(): string[] {
  return [...losses].map(
    ([name, error]) => `${describeLoss(name, error)}; from there on what is shown may be lost`,
  );
}

/**
 * Waits until standard output is written, and says so where it could not be. A reader that closes the pipe early
 * (`td list | head`) has read what it wanted, and before a terminal that has vanished nobody sits.
 *
 * @param code with which the command ends
 * @returns the exit code: 1 if the command would have ended well, but what it was asked for is lost
 */
export async function settleOutput(code: number): Promise<number> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  closeFile();
  const loss = losses.get('stdout');
  if (loss === undefined || loss.code === 'EPIPE' || terminals.includes(process.stdout.fd)) return code;
  process.stderr.write(`td: ${isLossAllowed ? 'warning: ' : ''}${describeLoss('stdout', loss)}\n`);
  return isLossAllowed ? code : code || 1;
}

/** Some file systems tell only when a file is closed that it could not be written. */
function closeFile(): void {
  const { fd } = process.stdout;
  if (process.stdout instanceof Socket || !fstatSync(fd).isFile()) return;
  try {
    closeSync(fd);
  } catch (error) {
    remember('stdout', error as NodeJS.ErrnoException);
  }
}

function describeLoss(name: StreamName, error: NodeJS.ErrnoException): string {
  return `${STREAMS[name]} cannot be written: ${describeSystemError(error)}`;
}
