/** @file The command line of what results there are: table, list and show. */
import type { Command } from 'commander';
import { formatOption, granularityOption, resultsOption } from '../terminal/options.ts';

const TABLE_HELP = `
The paper's layout: a row a prune rate, a column a method with its settings
(alpha before gamma), mean ± sample standard deviation over seeds, the best of
each row marked. What was trained for the other granularity is left out; runs
that failed or are missing are named below the table.

--paper sets the published number beside each of ours, with the difference, and
says under the table what is known to be wrong with the published numbers, and
where network, data or length are others than in the paper.

Nothing is trained or pruned: "td sweep" makes the numbers.

Examples:
  td table mnist-lenet
  td table configs/cifar-resnet.yaml --granularity weight --paper
  td table results/mnist-lenet/sweep.csv --format latex > table.tex`;

const SHOW_HELP = `
Examples:
  td show mnist-mlp/targeted-weight/0
  td show results/mnist-mlp/none/seed-0-da4f2546 --json`;

export function addTable(program: Command): void {
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

export function addList(program: Command): void {
  program
    .command('list')
    .description('list runs: state, accuracy, time')
    .argument('[name...]', 'names of experiments; all if absent')
    .option('--json', 'print JSON')
    .addOption(resultsOption())
    .action(async (names, options) => (await import('./list.ts')).list(names, options));
}

export function addShow(program: Command): void {
  program
    .command('show')
    .description('show a run: settings, state, curves, files')
    .argument('<run>', 'folder of a run, or experiment/variant/seed')
    .option('--json', 'print JSON')
    .addOption(resultsOption())
    .addHelpText('after', SHOW_HELP)
    .action(async (name, options) => (await import('./show.ts')).show(name, options));
}
