/** @file How fast runs in the results folder were trained, on this machine and engine. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunSpec } from '../config/experiment.ts';
import type { RunSettings } from '../config/schema.ts';
import { unlessUserError } from '../errors.ts';
import { readJson } from '../files/json.ts';
import { groupBy } from '../maps.ts';
import { continuationOf, firstStepOf } from '../methods/continuation.ts';
import { RUN_FILES } from '../runs/directory.ts';
import type { Environment } from '../runs/environment.ts';
import { type FoundRun, findRuns } from '../runs/find.ts';
import { readRunSettings } from '../runs/run-settings.ts';
import { foreseeStepsPerEpoch } from '../training/warnings.ts';

/** What a run took so far, evaluations and checkpoints included. */
export interface RecordedSpeed {
  readonly secondsPerStep: number;
  readonly run: FoundRun;
}

const placeSchema = z.object({ engine: z.string(), device: z.string(), cpu: z.string() });

/** Engine, device and processor: times hold for the same three only. */
export type Place = Pick<Environment, 'engine' | 'device' | 'cpu'>;

interface SpeedRecord extends RecordedSpeed {
  readonly key: string;
  /** When it was written, in milliseconds. */
  readonly time: number;
}

export class SpeedRecords {
  /** The last one first. */
  private readonly byKey: ReadonlyMap<string, readonly SpeedRecord[]>;

  private constructor(records: readonly SpeedRecord[]) {
    this.byKey = groupBy(records, ({ key }) => key);
  }

  /**
   * Reads what the runs of experiments took. Runs whose files cannot be read are left out.
   */
  static read(results: string, experiments: readonly string[], place: Place): SpeedRecords {
    const records = findRuns(results, experiments)
      .runs.filter((run) => wasMadeAt(run, place))
      .flatMap((run) => recordOf(run) ?? []);
    return new SpeedRecords(records.toSorted((a, b) => b.time - a.time));
  }

  /** The speed of the run itself if it was begun, else of the last run that computes the same at each step. */
  find(run: RunSpec): RecordedSpeed | undefined {
    const alike = this.byKey.get(speedKey(run.settings)) ?? [];
    const isOwn = ({ run: { identity, id } }: RecordedSpeed) =>
      identity.experiment === run.experiment && id === run.id;
    return alike.find(isOwn) ?? alike[0];
  }
}

/** Equal for runs whose steps and evaluations cost the same: learning rate and length do not matter. */
export function speedKey({ dataset, model, regularizer, schedule, precision }: RunSettings): string {
  const { path: _, ...images } = dataset;
  const { optimizer, batchSize, weightDecay, gradientClip } = schedule;
  return JSON.stringify([
    images,
    model,
    regularizer,
    optimizer.name,
    batchSize,
    weightDecay > 0,
    gradientClip !== null,
    precision,
  ]);
}

function recordOf(run: FoundRun): SpeedRecord | undefined {
  const { steps: end, seconds } =
    run.state === 'done'
      ? { steps: run.summary.steps, seconds: run.summary.trainSeconds }
      : { steps: run.checkpoint?.step ?? 0, seconds: run.checkpoint?.trainSeconds ?? 0 };
  const settings = settingsOf(run);
  if (end === 0 || settings === undefined) return undefined;
  const stepsPerEpoch = run.state === 'done' ? end / run.summary.epochs : foreseeStepsPerEpoch(settings);
  const steps = end - countUntaken(settings.regularizer, stepsPerEpoch);
  if (!(steps > 0)) return undefined;
  const time = statSync(join(run.directory, RUN_FILES.checkpoint), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return { key: speedKey(settings), secondsPerStep: seconds / steps, run, time };
}

/**
 * Steps behind a run that it did not take: those of the run whose training it takes up. Where its weights go back as well, it took them
 * again.
 *
 * @returns NaN if that depends on the length of an epoch, which is not known
 */
function countUntaken(regularizer: RunSettings['regularizer'], stepsPerEpoch = Number.NaN): number {
  const schedule = continuationOf(regularizer)?.schedule;
  if (schedule?.kind !== 'replay' || schedule.rewindsWeights) return 0;
  return firstStepOf(regularizer, stepsPerEpoch);
}

function wasMadeAt(run: FoundRun, place: Place): boolean {
  const made = unlessUserError(() => readJson(join(run.directory, RUN_FILES.environment), placeSchema));
  return made?.engine === place.engine && made.device === place.device && made.cpu === place.cpu;
}

function settingsOf(run: FoundRun): RunSettings | undefined {
  return unlessUserError(() => readRunSettings(run.directory).settings);
}
