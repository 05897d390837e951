/** @file td run --dry-run: which runs are done, which are to do, and about how long those will take. */
import type { RunSpec } from '../config/experiment.ts';
import { countTrainingBatches } from '../data/batches.ts';
import { blankDataset, isDatasetPresent, loadDataset } from '../data/load.ts';
import { UserError } from '../errors.ts';
import type { CheckpointRecord } from '../runs/checkpoint.ts';
import { type RunState, runDirectory, runState } from '../runs/directory.ts';
import { collectEnvironment } from '../runs/environment.ts';
import { lookAtRun } from '../runs/find.ts';
import { tellFaults } from '../terminal/found-runs.ts';
import type { ExecutionOptions } from '../terminal/options.ts';
import { print, printTable } from '../terminal/output.ts';
import { printLine, startProgress } from '../terminal/progress.ts';
import { counted, duration } from '../terminal/words.ts';
import { loadDatasets } from './datasets.ts';
import { type MeasuredSpeed, SpeedMeter } from './measure.ts';
import { type RecordedSpeed, SpeedRecords, speedKey } from './speed-records.ts';
import { chooseFastestEngine } from './trial/choose.ts';

export interface PlanOptions extends ExecutionOptions {
  readonly results: string;
  /** Whether to time what no earlier run has timed; true if absent. */
  readonly measure?: boolean;
}

interface PlannedRun {
  readonly run: RunSpec;
  readonly state: RunState | 'damaged';
  /** Where it would go on. */
  readonly checkpoint: CheckpointRecord | undefined;
  /** What is wrong with a damaged one, and what to do. */
  readonly reason?: string;
}

/** How long a run will take still, and how that is known. */
interface Estimate {
  readonly seconds: number;
  readonly source: string;
}

/**
 * Prints a line for each run and the time that all will take. Nothing is written or fetched: a data set that is not
 * there is replaced by zeros of its shape.
 *
 * @throws UserError if an engine, a data set's path or a summary is wrong, or a model or batch size does not fit
 */
export async function printPlan(runs: readonly RunSpec[], options: PlanOptions): Promise<void> {
  const planned = runs.map((run) => inspect(run, options.results));
  const left = planned.filter(({ state }) => state === 'new' || state === 'unfinished');
  const estimates = left.length === 0 ? new Map<RunSpec, Estimate>() : await estimateAll(left, options);
  const rows = planned.map(({ run, state, checkpoint }) => {
    const estimate = estimates.get(run);
    return [
      run.experiment,
      run.variant,
      String(run.seed),
      checkpoint === undefined || state !== 'unfinished' ? state : `unfinished, epoch ${checkpoint.epoch}`,
      String(run.settings.schedule.epochs),
      estimate === undefined ? '' : duration(estimate.seconds),
      estimate?.source ?? (left.some((one) => one.run === run) ? 'unknown' : ''),
      runDirectory(options.results, run),
    ];
  });
  printTable(
    ['experiment', 'variant', 'seed', 'state', 'epochs', 'time left', 'estimated from', 'folder'],
    rows,
  );
  const done = planned.filter(({ state }) => state === 'done').length;
  print(`\n${wordTotal(done, left.length, [...estimates.values()])}`);
  tellFaults(planned.flatMap(({ reason }) => reason ?? []));
}

function inspect(run: RunSpec, results: string): PlannedRun {
  const directory = runDirectory(results, run);
  const found = lookAtRun({ identity: run, directory });
  if (typeof found === 'string' || found.state === 'damaged') {
    const reason = typeof found === 'string' ? `${found} cannot be read` : found.reason;
    return { run, state: 'damaged', checkpoint: undefined, reason };
  }
  const checkpoint = found.state === 'done' ? undefined : found.checkpoint;
  return { run, state: runState(directory), checkpoint };
}

async function estimateAll(
  left: readonly PlannedRun[],
  options: PlanOptions,
): Promise<Map<RunSpec, Estimate>> {
  const mayMeasure = options.measure ?? true;
  const settings = left[0]?.run.settings;
  const { engine } = await chooseFastestEngine(options.engine, options, settings, printLine, mayMeasure);
  const place = collectEnvironment({ engine: engine.name, device: engine.device });
  const names = [...new Set(left.map(({ run }) => run.experiment))];
  const records = SpeedRecords.read(options.results, names, place);
  const datasets = await loadDatasets(
    left.map(({ run }) => run),
    async (settings) => (isDatasetPresent(settings) ? loadDataset(settings) : blankDataset(settings)),
  );
  const tasks = left.flatMap((planned, index) => {
    const dataset = datasets[index];
    return dataset === undefined ? [] : [{ ...planned, dataset, recorded: records.find(planned.run) }];
  });
  const unknown = tasks.filter(({ recorded }) => recorded === undefined);
  const isMeasuring = mayMeasure && unknown.length > 0;
  const measured = isMeasuring ? await measureAll(unknown, new SpeedMeter(engine)) : undefined;
  return new Map(
    tasks.flatMap((task) => {
      const stepsPerEpoch = countTrainingBatches(
        task.dataset.train.count,
        task.run.settings.schedule.batchSize,
      );
      const speed = task.recorded ?? measured?.get(speedKey(task.run.settings));
      return speed === undefined ? [] : [[task.run, estimate(task, stepsPerEpoch, speed)] as const];
    }),
  );
}

/** Times each distinct program once; runs that differ in their seeds share it. */
async function measureAll(
  tasks: readonly (PlannedRun & { readonly dataset: Parameters<SpeedMeter['measure']>[1] })[],
  meter: SpeedMeter,
): Promise<Map<string, MeasuredSpeed>> {
  const programs = new Map(tasks.map((task) => [speedKey(task.run.settings), task]));
  const speeds = new Map<string, MeasuredSpeed>();
  const progress = startProgress('timing', programs.size);
  try {
    for (const [key, { run, dataset }] of programs) {
      progress.update(speeds.size, run.variant);
      progress.line(`timing ${run.variant} (${speeds.size + 1} of ${programs.size})`);
      try {
        speeds.set(key, await meter.measure(run, dataset));
      } catch (error) {
        // It does not fit the memory: a training of it fails, and leaves the others alone.
        if (!(error instanceof UserError)) throw error;
        progress.line(`${run.variant}: ${error.message}`, true);
      }
    }
    return speeds;
  } finally {
    progress.stop();
  }
}

function estimate(
  { run, checkpoint }: PlannedRun,
  stepsPerEpoch: number,
  speed: RecordedSpeed | MeasuredSpeed,
): Estimate {
  const { epochs } = run.settings.schedule;
  const steps = epochs * stepsPerEpoch - (checkpoint?.step ?? 0);
  if ('secondsPerStep' in speed) {
    const { identity, id } = speed.run;
    const isOwn = identity.experiment === run.experiment && id === run.id;
    const source = isOwn ? 'this run so far' : `earlier run: ${identity.variant} seed ${identity.seed}`;
    return { seconds: steps * speed.secondsPerStep, source };
  }
  const evaluations = epochs - (checkpoint?.epoch ?? 0);
  const { compileSeconds, stepSeconds, evaluationSeconds } = speed;
  const seconds = compileSeconds + steps * stepSeconds + evaluations * evaluationSeconds;
  return { seconds, source: 'measured now' };
}

/** `about 2 h 10 min for 9 runs to do, 3 are done`. */
function wordTotal(finished: number, left: number, estimates: readonly Estimate[]): string {
  const done = finished === 0 ? '' : `, ${finished} ${finished === 1 ? 'is' : 'are'} done`;
  if (left === 0) return `nothing to do${done}`;
  if (estimates.length === 0) return `${counted(left, 'run')} to do, for an unknown time${done}`;
  const seconds = estimates.reduce((sum, estimate) => sum + estimate.seconds, 0);
  const unknown = left - estimates.length;
  const rest = unknown === 0 ? '' : `, and an unknown time for ${unknown} more`;
  return `about ${duration(seconds)} for ${counted(estimates.length, 'run')} to do${rest}${done}`;
}
