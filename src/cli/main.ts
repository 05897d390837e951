/** @file Entry point: parses the command line, words every error, and is the only place that ends the process. */
import { CommanderError } from 'commander';
import { UserError } from '../errors.ts';
import { wordCommandLine } from './experiments.ts';
import { wordFailure } from './failures.ts';
import { InterruptedError, listenForSignals } from './interruption.ts';
import { createProgram } from './program.ts';

/** Work failed: a run diverged, a file is damaged. */
const EXIT_FAILED = 1;
/** The user's mistake: nothing was done. */
const EXIT_USAGE = 2;

async function main(): Promise<number> {
  try {
    await createProgram().parseAsync(process.argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof InterruptedError) {
    process.stderr.write(`td: ${error.message}; to go on: ${wordCommandLine(process.argv.slice(2))}\n`);
    return error.exitCode;
  }
  process.stderr.write(`td: ${wordFailure(error)}\n`);
  return error instanceof UserError ? EXIT_USAGE : EXIT_FAILED;
}

function isClosedPipe(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE';
}

/** A reader that closes the pipe early (`td list | head`) is no error: what it asked for, it has read. */
process.stdout.on('error', (error) => {
  if (!isClosedPipe(error)) throw error;
  process.exit(Number(process.exitCode ?? 0));
});

/** Nobody has to watch a training for it to go on. */
process.stderr.on('error', (error) => {
  if (!isClosedPipe(error)) throw error;
});

listenForSignals((code) => process.exit(code));
process.exit(await main());
