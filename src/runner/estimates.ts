/** @file About how long runs that are to do will take, and with how much memory. */
import type { RunSpec } from '../config/experiment.ts';
import { countTrainingBatches } from '../data/batches.ts';
import { blankDataset, isDatasetPresent, loadDataset } from '../data/load.ts';
import type { Dataset } from '../data/types.ts';
import { countValidationImages } from '../data/validation.ts';
import type { Engine } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { collectEnvironment } from '../runs/environment.ts';
import { beginningOf } from '../training/beginning.ts';
import { estimateMemory } from '../training/memory.ts';
import { prepareTraining } from '../training/setup.ts';
import { loadDatasets } from './datasets.ts';
import { type MeasuredSpeed, SpeedMeter } from './measure.ts';
import { type RecordedSpeed, SpeedRecords, speedKey } from './speed-records.ts';
import type { PlannedRun } from './standing.ts';

/** How an estimate is known. */
export type EstimateSource =
  | { readonly kind: 'this run' | 'measured' }
  | { readonly kind: 'earlier run'; readonly variant: string; readonly seed: number };

/** What a run takes still. */
export interface Estimate {
  /** Nothing if no run and no measurement tells. */
  readonly time: { readonly seconds: number; readonly source: EstimateSource } | undefined;
  /** Bytes; nothing where they are not known. */
  readonly memory: number | undefined;
}

export type EstimatingEvent =
  /** A program is about to be timed, or the memory of one to be estimated: the first of the number that is still to be. */
  | {
      readonly kind: 'timing' | 'memory';
      readonly variant: string;
      readonly done: number;
      readonly total: number;
    }
  /** It cannot be timed, and a training of it will fail. */
  | { readonly kind: 'untimed'; readonly variant: string; readonly reason: string }
  /** The last event. */
  | { readonly kind: 'estimated'; readonly estimates: ReadonlyMap<RunSpec, Estimate> };

/** A run with its images, and what an earlier run with the same program took. */
interface Work extends PlannedRun {
  readonly dataset: Dataset;
  readonly recorded: RecordedSpeed | undefined;
}

/**
 * Estimates how long runs will take: from what runs in the results folder took, else by timing a few steps. Nothing is written
 * or fetched: a data set that is not there is replaced by zeros of its shape.
 *
 * @param left runs that are not done
 * @param mayMeasure whether to time what no earlier run has timed
 * @throws UserError if a data set's path is wrong, or a model or batch size does not fit
 */
export async function* estimateRuns(
  left: readonly PlannedRun[],
  { engine, results, mayMeasure }: { engine: Engine; results: string; mayMeasure: boolean },
): AsyncGenerator<EstimatingEvent, void, undefined> {
  const place = collectEnvironment({ engine: engine.name, device: engine.device });
  const names = [...new Set(left.map(({ run }) => run.experiment))];
  const records = SpeedRecords.read(results, names, place);
  const datasets = await loadDatasets(
    left.map(({ run }) => run),
    async (settings) => (isDatasetPresent(settings) ? loadDataset(settings) : blankDataset(settings)),
  );
  const works = left.flatMap((planned, index): Work[] => {
    const dataset = datasets[index];
    return dataset === undefined ? [] : [{ ...planned, dataset, recorded: records.find(planned.run) }];
  });
  const unknown = works.filter(({ recorded }) => recorded === undefined);
  const measured = mayMeasure ? yield* measureAll(unknown, new SpeedMeter(engine)) : undefined;
  const memory = yield* estimateAllMemory(works, engine);
  const estimates = works.map((work) => {
    const speed = work.recorded ?? measured?.get(speedKey(work.run.settings));
    const time = speed && estimateTime(work, speed);
    return [work.run, { time, memory: memory.get(work.run.hash) }] as const;
  });
  yield { kind: 'estimated', estimates: new Map(estimates) };
}

/** Times each distinct program once; runs that differ in their seeds share it. */
async function* measureAll(
  works: readonly Work[],
  meter: SpeedMeter,
): AsyncGenerator<EstimatingEvent, Map<string, MeasuredSpeed>, undefined> {
  const programs = new Map(works.map((work) => [speedKey(work.run.settings), work]));
  const speeds = new Map<string, MeasuredSpeed>();
  for (const [key, { run, dataset }] of programs) {
    const { variant } = run;
    yield { kind: 'timing', variant, done: speeds.size, total: programs.size };
    try {
      speeds.set(key, await meter.measure(run, dataset));
    } catch (error) {
      // It does not fit the memory: a training of it fails, and leaves the others alone.
      if (!(error instanceof UserError)) throw error;
      yield { kind: 'untimed', variant, reason: error.message };
    }
  }
  return speeds;
}

/** @returns bytes by the hash of the settings; those that are not known are missing */
async function* estimateAllMemory(
  works: readonly Work[],
  engine: Engine,
): AsyncGenerator<EstimatingEvent, Map<string, number>, undefined> {
  const distinct = new Map(works.map((work) => [work.run.hash, work]));
  const bytes = new Map<string, number>();
  let done = 0;
  for (const [hash, { run, dataset }] of distinct) {
    yield { kind: 'memory', variant: run.variant, done: done++, total: distinct.size };
    const estimate = estimateMemory(await prepareTraining(run, dataset), engine);
    if (estimate === undefined) return bytes;
    bytes.set(hash, estimate);
  }
  return bytes;
}

function estimateTime(
  { run, checkpoint, dataset }: Work,
  speed: RecordedSpeed | MeasuredSpeed,
): Estimate['time'] {
  const { epochs, batchSize } = run.settings.schedule;
  const { count } = dataset.train;
  const images = count - countValidationImages(run.settings.dataset.validation, count);
  const stepsPerEpoch = countTrainingBatches(images, batchSize);
  const { firstStep, repeatedSteps } = beginningOf(run, images);
  const steps = epochs * stepsPerEpoch - (checkpoint?.step ?? firstStep - repeatedSteps);
  if ('secondsPerStep' in speed) {
    const { identity, id } = speed.run;
    const { experiment, variant, seed } = identity;
    const isOwn = experiment === run.experiment && id === run.id;
    const source = isOwn
      ? ({ kind: 'this run' } as const)
      : ({ kind: 'earlier run', variant, seed } as const);
    return { seconds: steps * speed.secondsPerStep, source };
  }
  const evaluations = epochs - (checkpoint?.epoch ?? Math.floor(firstStep / stepsPerEpoch));
  const { compileSeconds, stepSeconds, evaluationSeconds } = speed;
  const seconds = compileSeconds + steps * stepSeconds + evaluations * evaluationSeconds;
  return { seconds, source: { kind: 'measured' } };
}
