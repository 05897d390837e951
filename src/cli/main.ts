/** @file Entry point: parses the command line, words every error, and is the only place that ends the process. */
import { CommanderError } from 'commander';
import { UserError } from '../errors.ts';
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
  if (error instanceof UserError) {
    process.stderr.write(`td: ${error.message}\n`);
    return EXIT_USAGE;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_FAILED;
}

/** A reader that closes the pipe early (`td list | head`) is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exit(await main());
