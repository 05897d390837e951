/** @file The command line: commands, flags and their help. Each command's code is loaded when it is called. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { refuseSlips, wordUsageErrors } from '../terminal/usage-errors.ts';
import { addFigures, addReport } from './figure-commands.ts';
import { addBaseline, addCheck } from './gate-commands.ts';
import { addData, addEngines } from './machine-commands.ts';
import { addList, addShow, addTable } from './result-commands.ts';
import { addBench, addRun, addSweep } from './training-commands.ts';

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

Exit codes:
  0  done
  1  something failed: a run diverged, a file is damaged, a check fails
  2  a mistake in the command line, a config or a file; nothing was written
  130, 143  interrupted (Ctrl-C, SIGTERM); the same command goes on from there`;

/** A parser of the command line that throws instead of ending the process. */
export function createProgram(): Command {
  const program = new Command('td')
    .description(DESCRIPTION)
    .usage('<command> [options]')
    .addHelpText('after', EXAMPLES)
    .version(readVersion(), '-v, --version', 'print the version');
  addRun(program);
  addSweep(program);
  addTable(program);
  addBaseline(program);
  addCheck(program);
  addList(program);
  addShow(program);
  addFigures(program);
  addReport(program);
  addData(program);
  addEngines(program);
  addBench(program);
  configure(program, 'td');
  return program;
}

/** What holds for a command and those below it. */
function configure(command: Command, path: string): void {
  command
    .helpCommand(false)
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ subcommandTerm: describeTerm })
    .exitOverride();
  wordUsageErrors(command, path);
  refuseSlips(command, ['set']);
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
