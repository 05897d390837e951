/** @file td completion: prints a script by which a shell completes td's commands and flags. */
import type { Command } from 'commander';
import { suggest, UserError } from '../errors.ts';
import { type Completable, completionScript, SHELLS } from '../terminal/completion.ts';
import { print } from '../terminal/output.ts';

const HELP = `
Examples:
  td completion bash > ~/.local/share/bash-completion/completions/td
  td completion zsh > ~/.zfunc/_td        (with fpath+=~/.zfunc before compinit)
  td completion fish > ~/.config/fish/completions/td.fish`;

export function define(command: Command): void {
  command.addHelpText('after', HELP).action((name: string) => complete(name, command.parent ?? command));
}

/**
 * @param program with all its commands loaded
 * @throws UserError if the shell is unknown
 */
function complete(name: string, program: Command): void {
  const shell = SHELLS.find((known) => known === name);
  if (shell === undefined) throw new UserError(`there is no script for "${name}"${suggest(name, SHELLS)}`);
  print(completionScript(shell, listCommands(program, [])).trimEnd());
}

function listCommands(command: Command, path: readonly string[]): Completable[] {
  const flags = command.createHelp().visibleOptions(command);
  return [
    {
      path,
      commands: command.commands.map((child) => ({ name: child.name(), summary: child.description() })),
      flags: flags.map((option) => ({
        name: option.long ?? option.flags,
        description: option.description,
        takesValue: option.required || option.optional,
      })),
    },
    ...command.commands.flatMap((child) => listCommands(child, [...path, child.name()])),
  ];
}
