/** @file The command lines of scripts that are called by `npm run`: their mistakes are told as td's are. */
import { type Command, CommanderError, Option } from 'commander';
import { suggest, UserError } from '../src/errors.ts';
import { describeFailure } from '../src/terminal/failures.ts';
import { printLine } from '../src/terminal/progress.ts';
import { refuseSlips, rewordUsageErrors } from '../src/terminal/usage-errors.ts';

/**
 * Parses the flags of a script.
 *
 * @param name of the script: `bench:peers`
 * @param parameters without the names of the interpreter and the script
 * @throws UserError, or commander's own error, which has been printed
 */
export function parseFlags<T extends object>(
  command: Command,
  name: string,
  parameters: readonly string[],
): T {
  command.helpOption('-h, --help', 'print this help').exitOverride();
  rewordUsageErrors(command, `npm run ${name} --`, name);
  refuseSlips(command, []);
  return command.parse([...parameters], { from: 'user' }).opts<T>();
}

/**
 * Ends the process with what a script returns; with 2 if its command line or what it was asked for is wrong, with 1 if it fails.
 *
 * @param script gets the parameters, and returns its exit code
 */
export async function runScript(
  name: string,
  script: (parameters: readonly string[]) => number | Promise<number>,
): Promise<never> {
  process.exit(await exitCodeOf(name, script));
}

async function exitCodeOf(
  name: string,
  script: (parameters: readonly string[]) => number | Promise<number>,
): Promise<number> {
  try {
    return await script(process.argv.slice(2));
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    printLine(`${name}: ${describeFailure(error)}`);
    return error instanceof UserError ? 2 : 1;
  }
}

/** A flag with a list of words, all of them if it is absent. */
export function listOption<T extends string>(
  flags: string,
  description: string,
  words: readonly T[],
): Option {
  const [name = flags] = flags.split(' ');
  return new Option(flags, `${description}: ${words.join(', ')}`)
    .argParser((text) => parseWords(text, words, name))
    .default([...words], 'all');
}

/** @throws UserError if one of the words, which commas separate, is unknown */
export function parseWords<T extends string>(text: string, words: readonly T[], flag: string): T[] {
  const given = text.split(',').map((word) => word.trim());
  const unknown = given.find((word) => !words.some((valid) => valid === word));
  if (unknown !== undefined)
    throw new UserError(`${flag}: there is no "${unknown}"${suggest(unknown, words)}`);
  // In their usual order, each once.
  return words.filter((word) => given.includes(word));
}
