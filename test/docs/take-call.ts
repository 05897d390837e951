/** @file What a command line gives its command, which is not run. */
import type { Command, CommanderError } from 'commander';
import { createProgram } from '../../src/cli/program.ts';

export interface Taken {
  readonly parameters: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * @param words what follows `td`
 * @param isMention whether arguments and values may be left out
 * @returns nothing if they are, or if it is help or the version that is asked for
 * @throws what td would say of a mistake
 */
export async function takeCall(words: readonly string[], isMention = false): Promise<Taken | undefined> {
  const asked = words[0] === 'help' ? [...words.slice(1), '--help'] : words;
  const program = await createProgram(asked);
  let taken: Taken | undefined;
  const prepare = (command: Command) => {
    command.configureOutput({ writeOut() {}, writeErr() {}, outputError() {} });
    command.action(() => {
      taken = { parameters: command.args, options: command.opts() };
    });
    for (const child of command.commands) prepare(child);
  };
  for (const command of program.commands) prepare(command);
  program.configureOutput({ writeOut() {}, writeErr() {}, outputError() {} });
  try {
    await program.parseAsync(asked, { from: 'user' });
  } catch (error) {
    const { code } = error as CommanderError;
    const isIncomplete = code === 'commander.missingArgument' || code === 'commander.optionMissingArgument';
    if (code !== 'commander.helpDisplayed' && !(isMention && isIncomplete)) throw error;
  }
  return taken;
}
