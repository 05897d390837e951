/** @file The plan of runs as a table: which are done, which are to do, and about how long those will take, with how much memory. */
import { resolve } from 'node:path';
import { type Cell, type PlannedCell, type PlanRequest, planCells } from '../cluster/plan.ts';
import { describePlan } from '../cluster/plan-file.ts';
import { describeTask } from '../cluster/slurm/queue.ts';
import { addSubmitted, readSubmitted } from '../cluster/slurm/submitted.ts';
import type { Experiment, RunSpec } from '../config/experiment.ts';
import {
  type Estimate,
  type EstimateSource,
  type EstimatingEvent,
  estimateRuns,
} from '../runner/estimates.ts';
import { isLeft, type PlannedRun } from '../runner/standing.ts';
import { chooseFastestEngine } from '../runner/trial/choose.ts';
import { decisiveSettings } from '../runner/trial/decisive.ts';
import type { ExecutionOptions } from './execution-options.ts';
import { tellFaults } from './found-runs.ts';
import { print, printJson, printTable } from './output.ts';
import { type Progress, printLine, startProgress } from './progress.ts';
import { describeCount, formatDuration } from './words.ts';

export interface PlanOptions extends ExecutionOptions {
  readonly results: string;
  /** Whether to time what no earlier run has timed; true if absent. */
  readonly measure?: boolean;
}

export interface EstimatedPlan {
  readonly planned: readonly PlannedCell[];
  /** Of those that are left. */
  readonly estimates: ReadonlyMap<RunSpec, Estimate>;
}

/**
 * Finds where cells stand, and estimates what is left.
 *
 * @throws UserError if an engine, a data set's path or a summary is wrong, or a model or batch size does not fit
 */
export async function estimatePlan(cells: readonly Cell[], options: PlanOptions): Promise<EstimatedPlan> {
  const submitted = readSubmitted(resolve(options.results));
  if (submitted.problem !== undefined) printLine(`warning: ${submitted.problem}`);
  const planned = addSubmitted(planCells(cells, options.results), submitted);
  const left = planned.filter(isLeft);
  return { planned, estimates: left.length === 0 ? new Map() : await estimateAll(left, options) };
}

/** Prints a line for each cell and the time that all will take; tells what is damaged, with exit code 1. */
export function printPlan({ planned, estimates }: EstimatedPlan): void {
  const rows = planned.map((one) => {
    const { cell, run, directory } = one;
    const { time, memory } = estimates.get(run) ?? {};
    const unknown = isLeft(one) ? 'unknown' : '';
    return [
      String(cell.index),
      run.experiment,
      run.variant,
      String(run.seed),
      describeStanding(one),
      String(run.settings.schedule.epochs),
      time === undefined ? '' : formatDuration(time.seconds),
      memory === undefined ? '' : `${(memory / 1e9).toFixed(1)} GB`,
      time === undefined ? unknown : describeSource(time.source),
      directory,
    ];
  });
  printTable(
    [
      'cell',
      'experiment',
      'variant',
      'seed',
      'state',
      'epochs',
      'time left',
      'memory',
      'estimated from',
      'folder',
    ],
    rows,
  );
  const remarks = planned.flatMap(({ cell, standing, lastLine }) => {
    if (standing.kind === 'under way') return [`${cell.id} is trained by ${standing.owner}`];
    if (standing.kind === 'failed') return [`${cell.id} failed: ${standing.reason}`];
    return lastLine === undefined ? [] : [`${cell.id} is ${standing.kind}; its log ends with: ${lastLine}`];
  });
  if (remarks.length > 0) print(`\n${remarks.join('\n')}`);
  const done = planned.filter(({ standing }) => standing.kind === 'done').length;
  print(`\n${describeTotal(done, planned.filter(isLeft).length, [...estimates.values()])}`);
  tellDamaged(planned);
}

/** Prints the plan for programs; tells what is damaged, with exit code 1. */
export function printPlanJson(
  { planned, estimates }: EstimatedPlan,
  request: PlanRequest,
  experiments: readonly Experiment[],
): void {
  printJson(describePlan(request, experiments, planned, estimates));
  tellDamaged(planned);
}

function tellDamaged(planned: readonly PlannedCell[]): void {
  tellFaults(planned.flatMap(({ standing }) => (standing.kind === 'damaged' ? [standing.reason] : [])));
}

/** `cut off at step 4000, pending as 1234_7` */
function describeStanding({ standing: { kind }, checkpoint, queue }: PlannedCell): string {
  const at = kind === 'cut off' ? ' at step' : ', step';
  const state = checkpoint === undefined ? kind : `${kind}${at} ${checkpoint.step}`;
  return queue === undefined ? state : `${state}, ${describeTask(queue)}`;
}

async function estimateAll(
  left: readonly PlannedRun[],
  options: PlanOptions,
): Promise<ReadonlyMap<RunSpec, Estimate>> {
  const { results, measure: mayMeasure = true } = options;
  const settings = decisiveSettings(left.map(({ run }) => run));
  const { engine } = await chooseFastestEngine(options.engine, options, settings, printLine, mayMeasure);
  const shown = new ShownEstimates();
  let estimates: ReadonlyMap<RunSpec, Estimate> = new Map();
  try {
    for await (const event of estimateRuns(left, { engine, results, mayMeasure })) {
      if (event.kind === 'estimated') estimates = event.estimates;
      else shown.show(event);
    }
  } finally {
    shown.stop();
  }
  return estimates;
}

/** Estimates of memory take some tenths of a second each: so many of them show how far they are. */
const MANY = 10;

class ShownEstimates {
  private kind: string | undefined;
  private progress: Progress | undefined;

  show(event: Exclude<EstimatingEvent, { kind: 'estimated' }>): void {
    const { kind, variant } = event;
    if (kind === 'untimed') {
      this.progress?.line(`${variant}: ${event.reason}`, true);
      return;
    }
    const { done, total } = event;
    if (kind === 'memory' && total < MANY) return;
    if (this.kind !== kind) {
      this.stop();
      this.kind = kind;
      this.progress = startProgress(kind === 'timing' ? 'timing' : 'estimating memory', total);
    }
    this.progress?.update(done, variant);
    if (kind === 'timing') this.progress?.line(`timing ${variant} (${done + 1} of ${total})`);
    else if (done % MANY === 0) this.progress?.line(`estimating memory (${done + 1} of ${total})`);
  }

  stop(): void {
    this.progress?.stop();
  }
}

function describeSource(source: EstimateSource): string {
  switch (source.kind) {
    case 'this run':
      return 'this run so far';
    case 'measured':
      return 'measured now';
    case 'earlier run':
      return `earlier run: ${source.variant} seed ${source.seed}`;
  }
}

/** `about 2 h 10 min for 9 runs to do, 3 are done`. */
function describeTotal(finished: number, left: number, estimates: readonly Estimate[]): string {
  const done = finished === 0 ? '' : `, ${finished} ${finished === 1 ? 'is' : 'are'} done`;
  if (left === 0) return `nothing to do${done}`;
  const known = estimates.flatMap(({ time }) => time?.seconds ?? []);
  if (known.length === 0) return `${describeCount(left, 'run')} to do, for an unknown time${done}`;
  const seconds = known.reduce((sum, own) => sum + own);
  const unknown = left - known.length;
  const rest = unknown === 0 ? '' : `, and an unknown time for ${unknown} more`;
  return `about ${formatDuration(seconds)} for ${describeCount(known.length, 'run')} to do${rest}${done}`;
}
