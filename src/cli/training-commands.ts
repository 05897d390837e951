/** @file The command line of what trains, prunes and times networks: run, sweep and bench. */
import type { Command } from 'commander';
import { loadTfjs } from '../engines/load-tfjs.ts';
import { describeChoices } from '../terminal/choices.ts';
import {
  checkpointMinutesOption,
  countOption,
  deviceOption,
  eagerOption,
  engineOption,
  granularityOption,
  pruneOption,
  resultsOption,
  seedsOption,
  settingOption,
  threadsOption,
  variantsOption,
  whenBusyOption,
  xlaOption,
} from '../terminal/options.ts';

const RUN_HELP = `
A run is one variant with one seed. Its folder is
<results>/<experiment>/<variant>/seed-<n>-<hash>, where the hash covers every
setting that can change the numbers, and the content of images of your own. A
run that is done is skipped, one that was cut off goes on from its last
checkpoint, as if it had not been cut off. Ctrl-C saves a checkpoint first; a
second one ends at once. Several processes, also on several machines with one
results folder, share the runs of an experiment: what another process trains is
skipped. If nothing else is left, the exit code is 75.

With --tensorboard a run's folder also gets events.out.tfevents.td, a record for
each epoch that is still to come: a run that is done gets nothing new. To look
at it: tensorboard --logdir results

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

const BENCH_HELP = `
Times are medians over the timed steps, batches and noise included; a tenth as
many steps go before them as a warm-up. Nothing is written.

Example:
  td bench configs/mnist-lenet.yaml --only none,targeted-weight --batch 128`;

export function addRun(program: Command): void {
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
    .option('--tensorboard', 'also write curves and histograms of weights for TensorBoard')
    .addOption(checkpointMinutesOption())
    .addOption(whenBusyOption())
    .addOption(resultsOption())
    .addOption(engineOption())
    .addOption(deviceOption())
    .addOption(eagerOption())
    .addOption(xlaOption())
    .addOption(threadsOption())
    .addHelpText('after', () => `${RUN_HELP}\n\n${describeChoices()}`)
    .action(async (files, options) => (await import('./run.ts')).run(files, options));
}

export function addSweep(program: Command): void {
  program
    .command('sweep')
    .description('prune trained networks at increasing rates, and compare them in tables')
    .argument('[experiment...]', 'experiment files (YAML); all that is trained if absent')
    .addOption(pruneOption())
    .addOption(granularityOption())
    .option('--no-figures', 'draw no figures')
    .addOption(resultsOption())
    .addOption(engineOption())
    .addOption(deviceOption())
    .addOption(eagerOption())
    .addOption(xlaOption())
    .addOption(threadsOption())
    .addHelpText('after', SWEEP_HELP)
    .action(async (files, { prune: pruneRates, ...options }) =>
      (await import('./sweep.ts')).sweep(files, { ...options, pruneRates }),
    );
}

export function addBench(program: Command): void {
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
    .addOption(deviceOption())
    .addOption(eagerOption())
    .addOption(xlaOption())
    .addOption(threadsOption())
    .addHelpText('after', BENCH_HELP)
    .action(async (file, options) => {
      await loadTfjs();
      await (await import('./bench.ts')).bench(file, options);
    });
}
