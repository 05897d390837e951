/** @file td run: trains the runs of experiments that are not done yet. */
import type { Command } from 'commander';
import { type Experiment, expandRuns, type RunSpec } from '../config/experiment.ts';
import { readExperimentFile } from '../config/experiment-files.ts';
import { renderSettings } from '../config/render.ts';
import { loadTfjs } from '../engines/load-tfjs.ts';
import { EXIT_IN_OTHER_HANDS, UserError } from '../errors.ts';
import { describeCommand } from '../next-command.ts';
import { parsePruneRates } from '../pruning/rates.ts';
import { adoptRuns } from '../runner/adopted-runs.ts';
import { completeParents } from '../runner/ancestors.ts';
import { identifyIfPresent, identifyImages } from '../runner/data-identity.ts';
import { runDirectory } from '../runs/directory.ts';
import { requireRunFolders } from '../runs/path-lengths.ts';
import { joinRates, listTargetRates } from '../sweeps/target-rates.ts';
import { describeChoices } from '../terminal/choices.ts';
import { loadExperiments } from '../terminal/experiments.ts';
import { reportFailures } from '../terminal/failures.ts';
import { startFetchStage } from '../terminal/fetch-progress.ts';
import { outliveHangUps } from '../terminal/interruption.ts';
import {
  checkpointMinutesOption,
  executionOptions,
  jsonOption,
  resultsOption,
  seedsOption,
  settingOption,
  variantsOption,
  whenBusyOption,
} from '../terminal/options.ts';
import { print, printJson, printTable } from '../terminal/output.ts';
import { printLine } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { printSettingWarnings } from '../terminal/setting-warnings.ts';
import type { Outcome } from '../terminal/shown-runs.ts';
import { allowLoss } from '../terminal/streams.ts';
import type { TrainingOptions } from '../terminal/training.ts';
import { describeCount, formatDuration, formatPercent } from '../terminal/words.ts';
import { foreseeStepsPerEpoch } from '../training/warnings.ts';

const HELP = `
A run is one variant with one seed. Its folder is
<results>/<experiment>/<variant>/seed-<n>-<hash>, where the hash covers every
setting that can change the numbers, and the content of images of your own. A
run that is done is skipped, one that was cut off goes on from its last
checkpoint, as if it had not been cut off. Ctrl-C saves a checkpoint first; a
second one ends at once. Several processes, also on several machines with one
results folder, share the runs of an experiment: what another process trains is
skipped. If nothing else is left, the exit code is 75.

A variant that goes on from another (fine-tune, rewind) begins with the pruned
network of the other's run of the same seed, which is trained first: --only
brings it along.

With --tensorboard a run's folder also gets events.out.tfevents.td, a record for
each epoch that is still to come: a run that is done gets nothing new. To look
at it: tensorboard --logdir results

Examples:
  td run configs/mnist-lenet.yaml --dry-run    what is to do, for how long
  td run configs/mnist-lenet.yaml --only targeted-weight --seeds 0,1,2
  td run configs/mnist-lenet.yaml --set model.widths=[300] --set name=narrow`;

export function define(command: Command): void {
  command
    .addOption(variantsOption('only these variants: none,l1'))
    .addOption(seedsOption())
    .addOption(settingOption())
    .option('--dry-run', 'list the runs, their states and the time left, and do nothing')
    .option('--no-measure', 'with --dry-run: estimate times from earlier runs alone')
    .option('--print-config', 'print all settings as an experiment file, and do nothing')
    .addOption(jsonOption('print the runs, or with --dry-run what is to do, as JSON'))
    .option('--verbose', 'show the log of each run instead of its progress')
    .option('--tensorboard', 'also write curves and histograms of weights for TensorBoard')
    .addOption(checkpointMinutesOption())
    .addOption(whenBusyOption())
    .addOption(resultsOption());
  for (const option of executionOptions()) command.addOption(option);
  command.addHelpText('after', () => `${HELP}\n\n${describeChoices()}`).action(run);
}

export interface RunOptions extends TrainingOptions {
  readonly only?: readonly string[];
  readonly seeds?: readonly number[];
  readonly set?: readonly string[];
  readonly dryRun?: boolean;
  readonly measure?: boolean;
  readonly printConfig?: boolean;
  readonly json?: boolean;
}

/**
 * A run that fails is reported and leaves the others alone; the exit code is then 1. Runs that other processes train are
 * skipped or waited for; if they are all that is left, the exit code is 75.
 *
 * @throws UserError before anything is written, if a file, a flag, a data set or the results folder is wrong
 */
export async function run(files: readonly string[], options: RunOptions): Promise<void> {
  const experiments = loadExperiments(files, options);
  if (options.printConfig) {
    const printed = experiments.map((experiment) =>
      renderSettings(experiment, readExperimentFile(experiment.path, 'as written')),
    );
    print(printed.join('---\n').trimEnd());
    return;
  }
  if (options.measure === false && !options.dryRun)
    throw new UserError('--no-measure is given without --dry-run, expected both');
  requireResultsFolder(options.results, 'write');
  const runs = await identifyRuns(experiments, options.results);
  tellAncestors(runs, options.only);
  requireRunFolders(runs, options.results);
  for (const { name, sweep } of experiments) {
    const own = runs.filter(({ experiment }) => experiment === name);
    const asked = parsePruneRates(sweep.prune);
    const methods = own.map(({ variant, settings: { regularizer } }) => ({ variant, regularizer }));
    const pruneRates = joinRates(asked, listTargetRates(asked, methods));
    printSettingWarnings(
      own.map((spec) => ({ ...spec, stepsPerEpoch: foreseeStepsPerEpoch(spec.settings), pruneRates })),
    );
  }
  if (options.dryRun) {
    await loadTfjs();
    const { printPlan } = await import('../terminal/plan.ts');
    await printPlan(runs, options);
    return;
  }
  outliveHangUps();
  // The engines take a second to load, so mistakes are looked for before.
  await loadTfjs();
  const { trainShown } = await import('../terminal/training.ts');
  const outcomes = await trainShown(runs, options);
  allowLoss();
  if (options.json) printJson(outcomes.map((outcome) => plainOf(outcome, options.results)));
  else printOutcomes(outcomes, options.results);
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  // A run under another name is not found by its file.
  const isRenamed = options.set?.some((setting) => setting.startsWith('name=')) ?? false;
  const next = describeCommand('sweep', isRenamed ? [] : files, options.results);
  const elsewhere = outcomes.filter(({ owner }) => owner !== undefined).length;
  const isTrained = outcomes.some(({ summary, wasDone }) => summary !== undefined && !wasDone);
  if (elsewhere > 0) {
    if (!isTrained) process.exitCode = EXIT_IN_OTHER_HANDS;
    const them = elsewhere === 1 ? 'it' : 'them';
    printLine(
      `${describeCount(elsewhere, 'run')} skipped, which other processes train; --when-busy wait waits for ${them}`,
    );
  } else if (failures.length === 0) printLine(`next: ${next}`);
  reportFailures(failures);
}

/** The runs of experiments, their images identified; those that an earlier version trained are taken as they are. */
async function identifyRuns(experiments: readonly Experiment[], results: string): Promise<RunSpec[]> {
  const runs: RunSpec[] = [];
  for (const experiment of experiments)
    runs.push(...expandRuns(await identifyImages(experiment, startFetchStage)));
  const adopted = await adoptRuns(completeParents(runs, results), results, (dataset) =>
    identifyIfPresent(dataset, startFetchStage),
  );
  for (const remark of adopted.remarks) printLine(remark);
  return adopted.runs;
}

/** Says which runs come along that nobody asked for by name. */
function tellAncestors(runs: readonly RunSpec[], only: RunOptions['only']): void {
  const added = runs.filter(({ variant }) => only !== undefined && !only.includes(variant));
  const sentences = added.map(({ experiment, variant }) => {
    const children = runs.filter(
      ({ parent }) => parent?.experiment === experiment && parent.variant === variant,
    );
    const names = [...new Set(children.map((child) => child.variant))].join(', ');
    return `${experiment}: ${variant} comes along, since ${names} goes on from it`;
  });
  for (const sentence of new Set(sentences)) printLine(sentence);
}

function printOutcomes(outcomes: readonly Outcome[], results: string): void {
  const rows = outcomes.map(({ run: spec, summary, failure }) => [
    ...namesOf(spec),
    summary === undefined ? describeMissingResult(failure) : formatPercent(summary.testAccuracy),
    summary === undefined ? '' : formatDuration(summary.trainSeconds),
    runDirectory(results, spec),
  ]);
  printTable(['experiment', 'variant', 'seed', 'test accuracy', 'time', 'folder'], rows);
}

/** A run's outcome for programs: `trained`, `failed`, or `busy` if another process trains it. */
function plainOf({ run: spec, summary, failure, owner }: Outcome, results: string) {
  const { experiment, variant, seed } = spec;
  const state = summary === undefined ? (failure === undefined ? 'busy' : 'failed') : 'trained';
  const { testAccuracy, trainSeconds } = summary ?? {};
  const directory = runDirectory(results, spec);
  return {
    experiment,
    variant,
    seed,
    state,
    testAccuracy,
    trainSeconds,
    reason: failure?.reason,
    owner,
    directory,
  };
}

function describeMissingResult(failure: Outcome['failure']): string {
  return failure === undefined ? 'under way' : 'failed';
}

function namesOf({ experiment, variant, seed }: RunSpec): string[] {
  return [experiment, variant, String(seed)];
}
