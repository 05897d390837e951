/** @file Runs one command line within this process, and reports what goes wrong. */
import { CommanderError } from 'commander';
import { BusyError, EXIT_IN_OTHER_HANDS, UserError } from '../errors.ts';
import { describeCommandLine } from '../next-command.ts';
import { describeFailure } from '../terminal/failures.ts';
import { InterruptedError } from '../terminal/interruption.ts';
import { createProgram } from './program.ts';

/** Work failed: a run diverged, a file is damaged. */
const EXIT_FAILED = 1;
/** The user's mistake: nothing was done. */
const EXIT_USAGE = 2;

/**
 * @param words what follows `td`
 * @returns the exit code
 */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(words);
    await program.parseAsync(words, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error, words);
  }
}

function report(error: unknown, words: readonly string[]): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof InterruptedError) {
    process.stderr.write(`td: ${error.message}; to go on: ${describeCommandLine(words)}\n`);
    return error.exitCode;
  }
  process.stderr.write(`td: ${describeFailure(error)}\n`);
  if (error instanceof BusyError) return EXIT_IN_OTHER_HANDS;
  return error instanceof UserError ? EXIT_USAGE : EXIT_FAILED;
}
