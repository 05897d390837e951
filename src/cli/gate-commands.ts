/** @file The command line of the gate: baseline and check. */
import type { Command } from 'commander';
import { alphaOption, formatOption, resultsOption } from '../terminal/options.ts';

const BASELINE_HELP = `
Commit the file: "td check" compares later sweeps with it. Five seeds or more
let it know how far the seeds scatter. Named by its file, an experiment gives
the rows of its present settings, and every variant must have some.

Examples:
  td baseline configs/ci.yaml
  td baseline ci --results elsewhere --out baselines/ci.csv`;

const CHECK_HELP = `
Compares the sweep of an experiment with its baseline, for every variant,
granularity and rate. Fails (exit code 1) if a cell is lower, or higher, than
the scatter of the seeds and the size of the test set explain; if all test
images are classified correctly; if a variant or rate of the baseline is
missing; if it was trained with other settings.

Nothing is trained or pruned: "td run" and "td sweep" make the numbers.
docs/ci.md has a workflow for GitHub Actions, docs/methods.md the test.

Examples:
  td check configs/ci.yaml
  td check configs/ci.yaml --alpha 0.05 --summary summary.md
  td check ci --baseline baselines/ci.csv --format json`;

export function addBaseline(program: Command): void {
  program
    .command('baseline')
    .description('write a sweep as the one that later sweeps are compared with')
    .argument('<experiment>', 'name or file of an experiment, or its folder of results')
    .option('--out <file>', 'CSV file (default: results/baseline/<experiment>.csv)')
    .addOption(resultsOption())
    .addHelpText('after', BASELINE_HELP)
    .action(async (source, options) => (await import('./baseline.ts')).baseline(source, options));
}

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('fail if accuracy is not what a baseline lets expect')
    .argument('<experiment>', 'name or file of an experiment, folder with a sweep.csv, or a CSV file')
    .option('--baseline <file>', 'CSV file (default: results/baseline/<experiment>.csv)')
    .addOption(alphaOption())
    .addOption(formatOption(['text', 'md', 'json']))
    .option('--summary <file>', 'also write a summary for a pull request (Markdown)')
    .addOption(resultsOption())
    .addHelpText('after', CHECK_HELP)
    .action(async (source, options) => (await import('./check.ts')).check(source, options));
}
