/** @file Settings that a training is too short for, or that a sweep does not show. */
import type { RunSettings } from '../config/schema.ts';
import { countTrainingBatches } from '../data/batches.ts';
import { formOf } from '../data/load.ts';
import { countValidationImages } from '../data/validation.ts';
import { unlessUserError } from '../errors.ts';
import { continuationOf } from '../methods/continuation.ts';
import { methods } from '../methods/registry.ts';
import { type PlannedTraining, warnIfLonger, warnIfNeverReached } from '../methods/warnings.ts';
import { beginningOf } from './beginning.ts';
import type { TrainedRun } from './types.ts';

/** A sentence for each; what concerns the method alone is said by its definition. */
export function warningsOf(run: WarnedRun, planned: PlannedTraining): string[] {
  const { regularizer, schedule } = run.settings;
  const keepsBest = schedule.keep === 'best-validation';
  const isConstant = continuationOf(regularizer)?.schedule.kind === 'constant';
  return [
    ...(isConstant ? warnIfIdle(run, planned) : warnOfSchedule(run.settings, planned)),
    ...(methods.get(regularizer.name).warnings?.(regularizer, { ...planned, keepsBest }) ?? []),
  ];
}

type WarnedRun = Pick<TrainedRun, 'parent'> & { readonly settings: RunSettings };

/** Of its parent's learning rate, a rate below this share hardly moves a weight. */
const IDLE_SHARE = 1e-3;

/** A schedule that ends at 0 leaves nothing to train on with. */
function warnIfIdle({ settings, parent }: WarnedRun, { stepsPerEpoch }: PlannedTraining): string[] {
  if (parent === undefined) return [];
  const images = stepsPerEpoch * settings.schedule.batchSize;
  const { learningRate } = beginningOf({ settings, parent, seed: 0 }, images).schedule;
  const usual = parent.settings.schedule.learningRate;
  if (learningRate >= IDLE_SHARE * usual) return [];
  return [
    `the learning rate is ${learningRate.toPrecision(2)}, where the run that it goes on from began with ${usual}: hardly a weight will move; regularizer.learningRate sets another`,
  ];
}

function warnOfSchedule({ schedule }: RunSettings, planned: PlannedTraining): string[] {
  const { warmup, decay } = schedule;
  const points = decay.name === 'steps' ? decay.at : [];
  return [
    ...warnIfLonger('schedule.warmup', [warmup], planned, 'the learning rate does not reach its value'),
    ...points.flatMap((point) =>
      warnIfNeverReached(
        'a point of schedule.decay.at',
        point,
        planned,
        'the learning rate does not fall there',
      ),
    ),
  ];
}

/**
 * Steps of an epoch, by what is known of the images without reading one.
 *
 * @returns nothing if too little is known, or there would be no step
 */
export function foreseeStepsPerEpoch({ dataset, schedule }: RunSettings): number | undefined {
  const steps = unlessUserError(() => {
    const images = dataset.trainImages ?? formOf(dataset).trainImages;
    const held = countValidationImages(dataset.validation, images);
    return countTrainingBatches(images - held, schedule.batchSize);
  });
  return steps === 0 ? undefined : steps;
}
