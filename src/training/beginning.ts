/** @file Where a training begins: at step 0, or where it takes up that of its parent, the run that it goes on from. */
import type { ScheduleSettings } from '../config/schema.ts';
import { countTrainingBatches } from '../data/batches.ts';
import { UserError } from '../errors.ts';
import { continuationOf } from '../methods/continuation.ts';
import type { ConstantRate } from '../methods/definition.ts';
import { Progress, parseLength } from '../settings/training-time.ts';
import { learningRateAt } from './learning-rate.ts';
import type { Beginning, TrainedRun } from './types.ts';

/**
 * @param trainImages without those that are held out for validation
 * @throws UserError if a run goes on from another whose settings are not known, or from a point that this does not come to
 */
export function beginningOf({ settings, parent }: TrainedRun, trainImages: number): Beginning {
  const { schedule } = settings;
  const continuation = continuationOf(settings.regularizer);
  if (continuation === undefined)
    return { firstStep: 0, optimizerStep: 0, epochsBefore: 0, repeatedSteps: 0, schedule };
  const { from } = continuation;
  if (parent === undefined)
    throw new UserError(`the run goes on from variant "${from}", whose settings are not at hand`);
  const before = beginningOf(parent, trainImages);
  const stepsPerEpoch = countTrainingBatches(trainImages, before.schedule.batchSize);
  const end = before.schedule.epochs * stepsPerEpoch;
  if (continuation.schedule.kind === 'constant') {
    return {
      firstStep: 0,
      optimizerStep: 0,
      epochsBefore: before.epochsBefore + before.schedule.epochs,
      repeatedSteps: 0,
      schedule: holdConstant(
        schedule,
        continuation.schedule,
        before.schedule,
        new Progress(end - 1, stepsPerEpoch),
      ),
    };
  }
  const { to, rewindsWeights } = continuation.schedule;
  const firstStep = parseLength(to).inSteps(stepsPerEpoch);
  if (firstStep < before.firstStep || firstStep >= end) {
    throw new UserError(
      `regularizer.to is step ${firstStep}, expected one of the steps ${before.firstStep} to ${end - 1} of "${from}"`,
    );
  }
  return {
    ...before,
    firstStep,
    ...(rewindsWeights
      ? { repeatedSteps: before.repeatedSteps + firstStep - before.firstStep }
      : { repeatedSteps: 0, optimizerStep: firstStep }),
  };
}

/** @param last of the parent's steps */
function holdConstant(
  schedule: ScheduleSettings,
  { learningRate }: ConstantRate,
  parent: ScheduleSettings,
  last: Progress,
): ScheduleSettings {
  return {
    ...schedule,
    learningRate: learningRate ?? learningRateAt(parent, last),
    decay: { name: 'constant' },
    warmup: 0,
  };
}

/** Steps of an epoch that a training takes: fewer in the first, if it begins within it. */
export function countStepsOf(
  { epoch, step }: { readonly epoch: number; readonly step: number },
  stepsPerEpoch: number,
  { firstStep }: Pick<Beginning, 'firstStep'>,
): number {
  return step - Math.max(epoch * stepsPerEpoch, firstStep);
}
