/** @file Describes failures: one sentence for what a user can meet, the stack for a bug. */
import { getSystemErrorMap } from 'node:util';
import { DeviceError } from '../engines/device-error.ts';
import { InstallationError } from '../engines/tensorflow/installation/errors.ts';
import { toOneLine, UserError } from '../errors.ts';
import { DivergedError } from '../training/diverged.ts';
import { printLine } from './progress.ts';
import { describeCount } from './words.ts';

/** A piece of work that failed while others went on. */
export interface Failure {
  /** The run's folder below the results: `<experiment>/<variant>/seed-<n>-<hash8>`; of a table the experiment's. */
  readonly run: string;
  /** Whether it is a table of an experiment that failed, not a run. */
  readonly isTable?: boolean;
  readonly reason: string;
  /** Whether it fails again until somebody does what the reason says. */
  readonly needsHand?: boolean;
}

/** The sentence of an error that somebody can do something about; the stack of any other. */
export function describeFailure(error: unknown): string {
  if (error instanceof InstallationError) return toOneLine(error.message);
  const hasSentence =
    error instanceof UserError || error instanceof DivergedError || error instanceof DeviceError;
  if (hasSentence) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (isOutOfMemory(error))
    return `out of memory: ${error.message}; a smaller model or schedule.batchSize needs less`;
  return isSystemError(error) ? describeFailedCall(error) : (error.stack ?? error.message);
}

/** Lists what failed and lets the process end with exit code 1. */
export function reportFailures(failures: readonly Failure[]): void {
  if (failures.length === 0) return;
  const them = failures.length === 1 ? 'it' : 'them';
  const next = failures.every(({ needsHand }) => needsHand) ? '' : `; the same command tries ${them} again`;
  const tables = failures.filter(({ isTable }) => isTable).length;
  const runs = failures.length - tables;
  const what = [
    ...(runs > 0 ? [describeCount(runs, 'run')] : []),
    ...(tables > 0 ? [describeCount(tables, 'table')] : []),
  ];
  printLine(`${what.join(' and ')} failed${next}:`);
  for (const { run, reason } of failures) printLine(`  ${run}: ${reason.split('\n')[0]}`);
  process.exitCode = 1;
}

/** As JavaScript and onnxruntime say it. */
function isOutOfMemory({ message }: Error): boolean {
  return /\ballocation failed|Cannot allocate Wasm memory|^Invalid typed array length|Failed to allocate memory|std::bad_alloc/.test(
    message,
  );
}

/** What the operating system refused: a full disk, a missing permission, a file where a folder should be. */
function isSystemError(error: Error): error is NodeJS.ErrnoException {
  return 'syscall' in error && 'errno' in error;
}

/** Node says `EACCES: permission denied, open 'a/b'`. */
function describeFailedCall(error: NodeJS.ErrnoException): string {
  const { path, syscall } = error;
  return toOneLine(
    `cannot ${path === undefined ? syscall : `${syscall} ${path}`}: ${describeSystemError(error)}`,
  );
}

/** `no space left on device (ENOSPC)` */
export function describeSystemError({ message, code = '', errno = 0 }: NodeJS.ErrnoException): string {
  // Errors of streams say no more than `write EPIPE`.
  const reason = /^\w+ [A-Z0-9]+$/.test(message)
    ? (getSystemErrorMap().get(errno)?.[1] ?? message)
    : message.replace(/^[A-Z0-9_]+: /, '').replace(/, \w+( '.*')?( -> '.*')?$/s, '');
  return `${reason} (${code})`;
}
