/** @file Runs one command line within this process, and reports what goes wrong. */
import { CommanderError } from 'commander';
import { BusyError, DamageError, EXIT_IN_OTHER_HANDS, suggest, UserError } from '../errors.ts';
import { describeCommandLine } from '../next-command.ts';
import { describeFailure } from '../terminal/failures.ts';
import { InterruptedError } from '../terminal/interruption.ts';
import { COMMANDS } from './commands.ts';
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
    const asked = words[0] === 'help' ? helpOf(words.slice(1)) : words;
    const program = await createProgram(asked);
    await program.parseAsync(asked, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error, words);
  }
}

/**
 * `help data fetch` is `data fetch --help`.
 *
 * @throws UserError if one of the words is no command
 */
function helpOf(words: readonly string[]): string[] {
  let entries = COMMANDS;
  for (const word of words) {
    const entry = entries.find(({ name }) => name === word);
    if (entry === undefined) {
      const names = entries.map(({ name }) => name);
      throw new UserError(`there is no command "${words.join(' ')}" to help with${suggest(word, names)}`);
    }
    entries = entry.commands ?? [];
  }
  return [...words, '--help'];
}

function report(error: unknown, words: readonly string[]): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof InterruptedError) {
    process.stderr.write(`td: ${error.message}; to go on: ${describeCommandLine(words)}\n`);
    return error.exitCode;
  }
  process.stderr.write(`td: ${describeFailure(error)}\n`);
  if (error instanceof BusyError) return EXIT_IN_OTHER_HANDS;
  const isMistake = error instanceof UserError && !(error instanceof DamageError);
  return isMistake ? EXIT_USAGE : EXIT_FAILED;
}
