/** @file The command line of what there is to look at: figures and report. */
import type { Command } from 'commander';
import { portOption, resultsOption } from '../terminal/options.ts';

const FIGURES_HELP = `
Accuracy against prune rate, training curves, where the weights lie, sparsity of
each layer; for pruned weights and for pruned units. Written beside the tables:
<results>/<experiment>/figure-<name>.svg and .png.

Examples:
  td figures mnist-lenet
  td figures                             all that is trained`;

const REPORT_HELP = `
One HTML file that needs no network: what came out in words, tables, figures to
point at, settings and environment of every run, what failed. Written to
<results>/<experiment>/report.html for one experiment, <results>/report.html for
several or all.

With --serve nothing is written: the page is shown to this machine alone, and
follows the runs while they go on.

Examples:
  td report mnist-lenet
  td report --out everything.html
  td report --serve --port 8080`;

export function addFigures(program: Command): void {
  program
    .command('figures')
    .description('draw the figures of experiments as SVG and PNG')
    .argument('[experiment...]', 'names or files of experiments; all if absent')
    .addOption(resultsOption())
    .addHelpText('after', FIGURES_HELP)
    .action(async (names, options) => (await import('./figures.ts')).figures(names, options));
}

export function addReport(program: Command): void {
  program
    .command('report')
    .description('write what experiments found as one HTML page, or show it while runs go on')
    .argument('[experiment...]', 'names or files of experiments; all if absent')
    .option('--out <file>', 'HTML file (default: report.html in the folder of the results)')
    .option('--serve', 'show it to this machine alone, kept up to date')
    .addOption(portOption())
    .addOption(resultsOption())
    .addHelpText('after', REPORT_HELP)
    .action(async (names, options) => (await import('./report.ts')).report(names, options));
}
