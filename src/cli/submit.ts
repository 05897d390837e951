/** @file td submit: hands the runs of experiments that are not trained yet to Slurm. */
import { type Command, Option } from 'commander';
import { type PlanRequest, planCells } from '../cluster/plan.ts';
import { describePlan } from '../cluster/plan-file.ts';
import { DEFAULT_ARRAY_SIZE } from '../cluster/slurm/programs.ts';
import { type JobOptions, renderScript, SECONDS_TO_SAVE } from '../cluster/slurm/script.ts';
import type { Submission } from '../cluster/slurm/submission.ts';
import {
  type Submitted,
  SWEEP_CHOICES,
  type SweepChoice,
  submitJobs,
  submitPlan,
} from '../cluster/slurm/submit.ts';
import { askCluster, type Cluster, findWork } from '../cluster/slurm/work.ts';
import { isDatasetPresent } from '../data/load.ts';
import type { DatasetSettings } from '../data/registry.ts';
import { UserError } from '../errors.ts';
import { describeWords } from '../next-command.ts';
import { isLeft } from '../runner/standing.ts';
import { executionOptions } from '../terminal/execution-options.ts';
import {
  choiceOption,
  countOption,
  resultsOption,
  seedsOption,
  settingOption,
  variantsOption,
} from '../terminal/options.ts';
import { print } from '../terminal/output.ts';
import { loadCells, type RequestOptions, requestOf, warnOfSettings } from '../terminal/planned-runs.ts';
import { printLine } from '../terminal/progress.ts';
import { requireResultsFolder } from '../terminal/results-folder.ts';
import { describeCount } from '../terminal/words.ts';

const HELP = `
Writes the plan, one batch script and the logs of its jobs into
<results>/slurm/<experiment>-<hash>/, submits a job array with a task for each
run that is neither trained nor queued, and a sweep that follows, and returns at
once. The same command again adds what is missing by then and not queued.

A task that is about to run out of time saves and goes back into the queue, and
so does one whose run another process trains (exit codes 143 and 75 of td run).
It has as many threads as cores: --sbatch "--cpus-per-task=4". The engine is
onnx unless --engine or --gpus is given, so that all runs have the same.

Examples:
  td submit configs/mnist-lenet.yaml --slurm --dry-run
  td submit configs/mnist-lenet.yaml --slurm --partition cpu --time 4:00:00
  td submit configs/cifar-resnet.yaml --slurm --gpus 1 --max-parallel 16 \\
    --sbatch "--account=vision --mem=8G" --engine tensorflow`;

export function define(command: Command): void {
  command
    .option('--slurm', 'to Slurm, the scheduler that td knows')
    .option('--dry-run', 'print the batch script, and do nothing')
    .addOption(wordOption('--partition <name>', 'partition of the cluster'))
    .addOption(timeOption())
    .addOption(wordOption('--gpus <n>', 'graphics cards for each run'))
    .addOption(countOption('--max-parallel <n>', 'runs at the same time, at most'))
    .addOption(countOption('--max-requeues <n>', 'times that a run goes back into the queue').default(100))
    .addOption(choiceOption('--sweep <when>', 'the sweep at the end', SWEEP_CHOICES))
    .addOption(lineOption('--sbatch <flags>', 'further flags of sbatch: "--account=vision --mem=8G"'))
    .addOption(variantsOption('only these variants: none,l1'))
    .addOption(seedsOption())
    .addOption(settingOption())
    .addOption(resultsOption());
  // Threads are as many as the cores that a job is given.
  for (const option of executionOptions()) if (option.long !== '--threads') command.addOption(option);
  command.addHelpText('after', HELP).action(submit);
}

export interface SubmitCommandOptions extends RequestOptions, JobOptions {
  readonly slurm?: boolean;
  readonly dryRun?: boolean;
  readonly maxParallel?: number;
  readonly sweep: SweepChoice;
}

/** @throws UserError if a file, a flag or the results folder is wrong, or Slurm is not there or refuses */
export async function submit(
  files: readonly string[],
  options: SubmitCommandOptions,
  command: Command,
): Promise<void> {
  if (!options.slurm)
    throw new UserError('--slurm is missing, expected it: Slurm is the scheduler that td knows');
  requireTimeToSave(options);
  requireResultsFolder(options.results, 'write');
  const request = withEngine(requestOf(files, options, command), options);
  const { experiments, cells } = await loadCells(request);
  const runs = cells.map(({ run }) => run);
  warnOfSettings(experiments, runs);
  const planned = planCells(cells, request.results);
  const isRenamed = options.set?.some((setting) => setting.startsWith('name=')) ?? false;
  const render = (submission: Submission) =>
    renderScript(submission, request, options, isRenamed ? [] : request.files);
  if (options.dryRun) {
    const work = findWork(planned, request.results, tryCluster());
    print(render(work.submission).trimEnd());
    let calls = 0;
    submitJobs(work, options, (flags) => {
      printLine(`sbatch ${describeWords(flags)}`);
      return `JOB${++calls}`;
    });
    return;
  }
  warnOfMissingData(planned.filter(isLeft).map(({ run }) => run.settings.dataset));
  const submitted = await submitPlan(planned, request.results, options, render, () =>
    describePlan(request, experiments, planned, new Map()),
  );
  const done = planned.filter(({ standing }) => standing.kind === 'done').length;
  const busy = planned.filter(({ standing }) => standing.kind === 'under way').length;
  printSubmitted(submitted, `${done} done, ${busy} under way, ${submitted.work.queued} queued before`);
}

/**
 * Tasks that each tried which engine is the fastest would not all find the same, and a run that goes on elsewhere would go on with
 * another one.
 */
function withEngine(request: PlanRequest, { gpus }: SubmitCommandOptions): PlanRequest {
  if (request.execution.includes('--engine') || gpus !== undefined) return request;
  return { ...request, execution: ['--engine', 'onnx', ...request.execution] };
}

/** For a dry run, which needs no Slurm. */
function tryCluster(): Cluster {
  try {
    return askCluster();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    printLine(`warning: Slurm cannot be asked what is queued: ${error.message}`);
    return { tasks: [], maxArraySize: DEFAULT_ARRAY_SIZE };
  }
}

function printSubmitted({ work, arrays, sweep }: Submitted, rest: string): void {
  if (arrays.length === 0) {
    print(`nothing to submit: ${rest}`);
    return;
  }
  const count = arrays.reduce((sum, { tasks }) => sum + tasks.length, 0);
  const jobs = arrays.map(({ job }) => job).join(', ');
  const then = sweep === undefined ? '' : `, then a sweep as job ${sweep}`;
  print(`submitted ${describeCount(count, 'run')} as job ${jobs}${then}; ${rest}`);
  print(`plan, script and logs: ${work.submission.folder}`);
}

/** Each run would fetch what is missing, from machines that often reach no network. */
function warnOfMissingData(datasets: readonly DatasetSettings[]): void {
  const missing = new Set(datasets.filter((dataset) => !isDatasetPresent(dataset)).map(({ name }) => name));
  for (const name of missing)
    printLine(
      `warning: data set ${name} is not there yet, and each run would fetch it; bring it by: td data fetch ${name}`,
    );
}

/** A flag whose value is one word of sbatch's. */
function wordOption(flags: string, description: string): Option {
  const [name = flags] = flags.split(' ');
  return new Option(flags, description).argParser((text) => {
    if (/^[^\s#\p{Cc}]+$/u.test(text)) return text;
    throw new UserError(`${name} is "${text}", expected one word, as sbatch takes it`);
  });
}

/** Minutes, `minutes:seconds`, `hours:minutes:seconds`, or days, a dash and hours, with minutes and seconds if need be. */
const LIMIT = /^(?:\d+(?::[0-5]?\d){0,2}|\d+-\d+(?::[0-5]?\d){0,2})$/;

function timeOption(): Option {
  return new Option('--time <limit>', 'for each run, as Slurm takes it: 4:00:00').argParser((text) => {
    if (/^(unlimited|infinite)$/i.test(text)) return text;
    if (!LIMIT.test(text))
      throw new UserError(
        `--time is "${text}", expected a limit as Slurm takes it, such as 4:00:00 or 2-12 (days-hours)`,
      );
    return text;
  });
}

/** @throws UserError if td would be told to save before the run begins */
function requireTimeToSave({ time, sbatch = '' }: Pick<JobOptions, 'time' | 'sbatch'>): void {
  if (time === undefined || !/\d/.test(time) || sbatch.includes('--signal')) return;
  if (secondsOf(time) > SECONDS_TO_SAVE) return;
  throw new UserError(
    `--time is "${time}", expected more than ${SECONDS_TO_SAVE} seconds: so long before its end a run saves and gives way`,
  );
}

function secondsOf(limit: string): number {
  const [days, rest] = limit.includes('-') ? limit.split('-') : [undefined, limit];
  const numbers = (rest ?? '').split(':').map(Number);
  const sum = (units: readonly number[]) =>
    numbers.reduce((all, number, index) => all + number * (units[index] ?? 0), 0);
  if (days !== undefined) return Number(days) * 86_400 + sum([3600, 60, 1]);
  return numbers.length === 3 ? sum([3600, 60, 1]) : sum([60, 1]);
}

function lineOption(flags: string, description: string): Option {
  const [name = flags] = flags.split(' ');
  return new Option(flags, description).argParser((text) => {
    if (/^\s*-[^\p{Cc}]*$/u.test(text)) return text.trim();
    throw new UserError(`${name} is "${text}", expected flags of sbatch on one line, such as "--mem=8G"`);
  });
}
