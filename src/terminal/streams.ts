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
/** Descriptors, standard input's 0 among them, asked at the start: a terminal that has vanished is none any more. */
const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
let isLossAllowed = false;

/**
 * Lets work go on when its words cannot be written: what is lost is remembered. Writes to files are whole, where Node's
 * own leave out the rest of what a disk has no room for, without a word.
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

/** At its end Node sets terminals back as they were, and aborts if they are gone; what is closed it leaves alone. */
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

/** From here on what is printed is in files, too: the command has done its work even if nobody can read of it here. */
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
