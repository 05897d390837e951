/** @file Settings that a training is too short for, or that a sweep does not show. */
import type { RunSettings } from '../config/schema.ts';
import { countTrainingBatches } from '../data/batches.ts';
import { formOf } from '../data/load.ts';
import { countValidationImages } from '../data/validation.ts';
import { unlessUserError } from '../errors.ts';
import { methods } from '../methods/registry.ts';
import { type PlannedTraining, warnIfLonger, warnIfNeverReached } from '../methods/warnings.ts';

/** A sentence for each; what concerns the method alone is said by its definition. */
export function warningsOf({ regularizer, schedule }: RunSettings, planned: PlannedTraining): string[] {
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
    ...(methods.get(regularizer.name).warnings?.(regularizer, planned) ?? []),
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
