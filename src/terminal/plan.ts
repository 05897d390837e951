/** @file td run --dry-run: prints which runs are done, which are to do, and about how long those will take. */
import type { RunSpec } from '../config/experiment.ts';
import {
  type Estimate,
  type EstimateSource,
  type EstimatingEvent,
  estimateRuns,
  type PlannedRun,
  planRun,
} from '../runner/plan.ts';
import { chooseFastestEngine } from '../runner/trial/choose.ts';
import { tellFaults } from './found-runs.ts';
import type { ExecutionOptions } from './options.ts';
import { print, printJson, printTable } from './output.ts';
import { type Progress, printLine, startProgress } from './progress.ts';
import { describeCount, formatDuration } from './words.ts';

export interface PlanOptions extends ExecutionOptions {
  readonly results: string;
  /** Whether to time what no earlier run has timed; true if absent. */
  readonly measure?: boolean;
  readonly json?: boolean;
}

/**
 * Prints a line for each run and the time that all will take.
 *
 * @throws UserError if an engine, a data set's path or a summary is wrong, or a model or batch size does not fit
 */
export async function printPlan(runs: readonly RunSpec[], options: PlanOptions): Promise<void> {
  const planned = runs.map((run) => planRun(run, options.results));
  const left = planned.filter(({ state }) => state === 'new' || state === 'unfinished');
  const estimates = left.length === 0 ? new Map<RunSpec, Estimate>() : await estimateAll(left, options);
  if (options.json) {
    printJson(planned.map((one) => plainOf(one, estimates.get(one.run))));
    tellFaults(planned.flatMap(({ reason }) => reason ?? []));
    return;
  }
  const rows = planned.map((one) => {
    const { run, state, checkpoint, directory } = one;
    const estimate = estimates.get(run);
    const unknown = left.includes(one) ? 'unknown' : '';
    return [
      run.experiment,
      run.variant,
      String(run.seed),
      checkpoint === undefined || state !== 'unfinished' ? state : `unfinished, epoch ${checkpoint.epoch}`,
      String(run.settings.schedule.epochs),
      estimate === undefined ? '' : formatDuration(estimate.seconds),
      estimate === undefined ? unknown : describeSource(estimate.source),
      directory,
    ];
  });
  printTable(
    ['experiment', 'variant', 'seed', 'state', 'epochs', 'time left', 'estimated from', 'folder'],
    rows,
  );
  const done = planned.filter(({ state }) => state === 'done').length;
  print(`\n${describeTotal(done, left.length, [...estimates.values()])}`);
  tellFaults(planned.flatMap(({ reason }) => reason ?? []));
}

/** A planned run for programs; an unknown time is absent. */
function plainOf({ run, state, checkpoint, directory, reason }: PlannedRun, estimate: Estimate | undefined) {
  const { experiment, variant, seed, settings } = run;
  const { epochs } = settings.schedule;
  const { seconds: secondsLeft, source } = estimate ?? {};
  const epoch = state === 'unfinished' ? checkpoint?.epoch : undefined;
  return {
    experiment,
    variant,
    seed,
    state,
    epoch,
    epochs,
    secondsLeft,
    estimatedFrom: source,
    reason,
    directory,
  };
}

async function estimateAll(
  left: readonly PlannedRun[],
  options: PlanOptions,
): Promise<ReadonlyMap<RunSpec, Estimate>> {
  const { results, measure: mayMeasure = true } = options;
  const settings = left[0]?.run.settings;
  const { engine } = await chooseFastestEngine(options.engine, options, settings, printLine, mayMeasure);
  const shown = new ShownTiming();
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

class ShownTiming {
  private progress: Progress | undefined;

  show(event: Exclude<EstimatingEvent, { kind: 'estimated' }>): void {
    const { variant } = event;
    if (event.kind === 'untimed') {
      this.progress?.line(`${variant}: ${event.reason}`, true);
      return;
    }
    const { done, total } = event;
    this.progress ??= startProgress('timing', total);
    this.progress.update(done, variant);
    this.progress.line(`timing ${variant} (${done + 1} of ${total})`);
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
  if (estimates.length === 0) return `${describeCount(left, 'run')} to do, for an unknown time${done}`;
  const seconds = estimates.reduce((sum, estimate) => sum + estimate.seconds, 0);
  const unknown = left - estimates.length;
  const rest = unknown === 0 ? '' : `, and an unknown time for ${unknown} more`;
  return `about ${formatDuration(seconds)} for ${describeCount(estimates.length, 'run')} to do${rest}${done}`;
}
