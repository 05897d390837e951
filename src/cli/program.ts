/** @file The parser of the command line, made from the table of commands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { pluginOption } from '../terminal/plugin-option.ts';
import { refuseSlips, rewordUsageErrors } from '../terminal/usage-errors.ts';
import { COMMANDS, type CommandEntry } from './commands.ts';

const DESCRIPTION = `Trains small image networks with targeted dropout and the methods it is compared with, prunes every trained network at increasing rates, and writes tables that compare them.`;

const EXAMPLES = `
Examples:
  td run configs/mnist-mlp.yaml      train what is not trained yet
  td run configs/mnist-mlp.yaml --only none,l1 --set schedule.epochs=5
  td sweep configs/mnist-mlp.yaml    prune what is trained, print the tables
  td table mnist-mlp --paper         the same beside the paper's numbers
  td check configs/ci.yaml           fail if accuracy is not as in a baseline
  td list                            what there is, trained and unfinished
  td show mnist-mlp/none/0           one run: settings, curves, files
  td report                          everything on one page, to look at
  td help run                        what a command does, its flags and examples

Exit codes:
  0  done
  1  something failed: a run diverged, a file is damaged, a check fails
  2  a mistake in the command line, a config or a file; nothing was written
  75  nothing done, since other processes are at it: come again
  130, 143  interrupted (Ctrl-C; TERM or USR1); the same command goes on then`;

/**
 * A parser of the command line that throws instead of ending the process.
 *
 * @param words the command line that it is for: the files of the commands that it names are loaded, no others
 */
export async function createProgram(words: readonly string[]): Promise<Command> {
  const plugins = findPlugins(words);
  if (plugins.length > 0) await (await import('../plugins/load.ts')).loadPlugins(plugins);
  const program = new Command('td')
    .description(DESCRIPTION)
    .usage('<command> [options]')
    .addHelpText('after', EXAMPLES)
    .version(readVersion(), '-v, --version', 'print the version');
  // A script for shells has the flags of all commands.
  await addCommands(program, COMMANDS, words[0] === 'completion' ? 'all' : words);
  configure(program, 'td');
  return program;
}

/** Where a word only looks like the name of a command, being the name of a file, say, a command is loaded without need. */
async function addCommands(
  parent: Command,
  entries: readonly CommandEntry[],
  words: readonly string[] | 'all',
): Promise<void> {
  for (const {
    name,
    summary,
    arguments: parameters = [],
    usage,
    load,
    takesPlugins = true,
    commands = [],
  } of entries) {
    const command = parent.command(name).description(summary);
    for (const [parameter, description] of parameters) command.argument(parameter, description);
    if (usage !== undefined) command.usage(usage);
    if (words !== 'all' && !words.includes(name)) continue;
    (await load?.())?.define(command);
    if (load !== undefined && takesPlugins) command.addOption(pluginOption());
    await addCommands(command, commands, words);
  }
}

/** The plugins that a command line names. They are loaded before it is read, since help and messages tell of their parts. */
function findPlugins(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const flags = end < 0 ? words : words.slice(0, end);
  const found = flags.flatMap((word, index) => {
    if (word.startsWith('--plugin=')) return word.slice('--plugin='.length);
    const next = flags[index + 1];
    return word === '--plugin' && next !== undefined && !next.startsWith('-') ? next : [];
  });
  return [...new Set(found)];
}

/** What holds for a command and those below it. */
function configure(command: Command, path: string): void {
  command
    .helpCommand(false)
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ subcommandTerm: describeTerm })
    .exitOverride();
  rewordUsageErrors(command, path);
  refuseSlips(command, ['set', 'plugin'], ['sbatch']);
  for (const child of command.commands) configure(child, `${path} ${child.name()}`);
}

/** A command in the list of its parent's help: name and arguments. */
function describeTerm(command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...names].join(' ');
}

function readVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
