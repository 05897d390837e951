/** @file td run: trains the runs of experiments that are not done yet. */
import type { Command } from 'commander';
import { type Cell, findCell, listCells } from '../cluster/plan.ts';
import { readPlan, requireSamePlan } from '../cluster/plan-file.ts';
import type { RunSpec } from '../config/experiment.ts';
import { readExperimentFile } from '../config/experiment-files.ts';
import { renderSettings } from '../config/render.ts';
import { loadTfjs } from '../engines/load-tfjs.ts';
import { BusyError, EXIT_IN_OTHER_HANDS, UserError } from '../errors.ts';
import { at } from '../lookup.ts';
import { describeCommand } from '../next-command.ts';
import { describeRun } from '../runner/ancestors.ts';
import { planRun } from '../runner/standing.ts';
import { describeChoices } from '../terminal/choices.ts';
import { executionOptions, parseExecution } from '../terminal/execution-options.ts';
import { loadExperiments } from '../terminal/experiments.ts';
import { reportFailures } from '../terminal/failures.ts';
import { outliveHangUps } from '../terminal/interruption.ts';
import {
  checkpointMinutesOption,
  jsonOption,
  resultsOption,
  seedsOption,
  settingOption,
  variantsOption,
  whenBusyOption,
} from '../terminal/options.ts';
import { plainOf, printOutcomes } from '../terminal/outcomes.ts';
import { print, printJson } from '../terminal/output.ts';
import {
  identifyRuns,
  loadCells,
  type RequestOptions,
  requestOf,
  warnOfSettings,
} from '../terminal/planned-runs.ts';
import { printLine } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { allowLoss } from '../terminal/streams.ts';
import type { TrainingOptions } from '../terminal/training.ts';
import { describeCount } from '../terminal/words.ts';

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

With --plan it trains one cell of a plan that "td plan --json" has written, and
refuses a plan that does not fit its experiment files any more. The plan says
where results lie and, unless flags say otherwise, what computes.

Exit codes: 0 trained, or done already; 1 a run failed; 2 a mistake, nothing
was written; 75 in other hands, come again; 130 (Ctrl-C), 143 (SIGTERM,
SIGUSR1) interrupted, and saved.

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
    .option('--plan <file>', 'instead of experiments: a plan, as td plan --json writes it')
    .option('--cell <cell>', 'with --plan: index or id of the run to train')
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

export interface RunOptions extends TrainingOptions, RequestOptions {
  readonly plan?: string;
  readonly cell?: string;
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
export async function run(files: readonly string[], options: RunOptions, command: Command): Promise<void> {
  requirePlanFlags(files, options, command);
  if (options.plan !== undefined) return trainCell(options.plan, options, command);
  const experiments = loadExperiments(files, options);
  if (options.printConfig) {
    if (options.json)
      throw new UserError('--json is given with --print-config, which prints YAML, expected one of them');
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
  warnOfSettings(experiments, runs);
  if (options.dryRun) {
    await loadTfjs();
    const { estimatePlan, printPlan, printPlanJson } = await import('../terminal/plan.ts');
    const plan = await estimatePlan(listCells(runs), options);
    if (options.json) printPlanJson(plan, requestOf(files, options, command), experiments);
    else printPlan(plan);
    return;
  }
  // A run under another name is not found by its file.
  const isRenamed = options.set?.some((setting) => setting.startsWith('name=')) ?? false;
  await train(runs, options, isRenamed ? [] : files);
}

/** @throws UserError if it is unclear which runs are meant */
function requirePlanFlags(files: readonly string[], options: RunOptions, command: Command): void {
  const { plan, cell } = options;
  if ((plan === undefined) !== (cell === undefined))
    throw new UserError(
      plan === undefined
        ? '--cell is given without --plan, expected both'
        : '--plan is given without --cell, expected both',
    );
  if (plan === undefined) {
    if (files.length > 0) return;
    throw new UserError('the argument <experiment> is missing; see td run --help');
  }
  if (files.length > 0)
    throw new UserError(
      `--plan is given with ${files[0]}, expected one of them: the plan names its experiments`,
    );
  const given = ['only', 'seeds', 'set', 'results', 'dryRun', 'printConfig', 'measure'].find(
    (name) => command.getOptionValueSource(name) === 'cli',
  );
  const flag = command.options.find((option) => option.attributeName() === given)?.long;
  if (flag !== undefined)
    throw new UserError(`${flag} is given with --plan, expected one of them: the plan says which runs`);
}

/** Trains one cell of a plan. */
async function trainCell(path: string, options: RunOptions, command: Command): Promise<void> {
  const plan = readPlan(path);
  const index = findCell(plan.cells, options.cell ?? '', path);
  requireResultsFolder(plan.results, 'write');
  if (plan.plugins.length > 0) await (await import('../plugins/load.ts')).loadPlugins(plan.plugins);
  const { cells } = await loadCells(plan);
  requireSamePlan(path, plan, cells);
  const cell = at(cells, index);
  requireParent(cell, plan.results);
  const planned = parseExecution(plan.execution, path);
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
  const execution = Object.fromEntries(Object.entries(planned).filter(([name]) => !isGiven(name)));
  await train([cell.run], { ...options, ...execution, results: plan.results }, plan.files);
}

/** @throws BusyError if the run that a cell goes on from is still to be trained: it is a cell of its own */
function requireParent({ id, run: { parent } }: Cell, results: string): void {
  if (parent === undefined) return;
  const { standing } = planRun(parent, results);
  if (standing.kind === 'missing' || standing.kind === 'cut off')
    throw new BusyError(`${id} goes on from ${describeRun(parent)}, which is not trained yet; come again`);
}

/** @param files of the experiments, to be swept next */
async function train(
  runs: readonly RunSpec[],
  options: TrainingOptions & Pick<RunOptions, 'json'>,
  files: readonly string[],
): Promise<void> {
  outliveHangUps();
  // The engines take a second to load, so mistakes are looked for before.
  await loadTfjs();
  const { trainShown } = await import('../terminal/training.ts');
  const outcomes = await trainShown(runs, options);
  // What is printed for a program is what it was asked for.
  if (options.json !== true) allowLoss();
  if (options.json) printJson(outcomes.map((outcome) => plainOf(outcome, options.results)));
  else printOutcomes(outcomes, options.results);
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  const next = describeCommand('sweep', files, options.results);
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
