/** @file Sets up a training, before anything is compiled: network, method, step, images. */
import { countTrainingBatches } from '../data/batches.ts';
import type { Dataset } from '../data/types.ts';
import { holdOut } from '../data/validation.ts';
import { UserError } from '../errors.ts';
import { createRegularizer } from '../methods/registry.ts';
import { createModel } from '../models/registry.ts';
import type { Model } from '../models/types.ts';
import { beginningOf } from './beginning.ts';
import { requireCheckpoint } from './memory.ts';
import type { TrainingSetup } from './signature.ts';
import { buildTrainingStep } from './step.ts';
import type { TrainedRun, Training, TrainingSettings } from './types.ts';

/**
 * The network and the method that settings describe.
 *
 * @throws UserError if the model does not fit the images
 */
export async function createSetup(
  { model, regularizer, schedule }: Omit<TrainingSettings, 'dataset' | 'precision'>,
  { imageShape, classes }: Pick<Dataset, 'imageShape' | 'classes'>,
): Promise<TrainingSetup> {
  return {
    model: await createModel(model, imageShape, classes),
    regularizer: await createRegularizer(regularizer),
    schedule,
  };
}

/**
 * Settles what a training will consist of.
 *
 * @param whole with all training images: those of the validation split are held out here, so that nothing trains on them
 * @throws UserError if the model does not fit the data set or a checkpoint, fewer images than a batch are left to train on, or
 *   the run goes on from another at a point that there is not, or the network would be slower in its precision than in float32
 */
export async function prepareTraining(run: TrainedRun, whole: Dataset): Promise<Training> {
  const { settings, seed } = run;
  const dataset = holdOut(whole, settings.dataset.validation, seed);
  const beginning = beginningOf(run, dataset.train.count);
  const setup = { ...(await createSetup(settings, dataset)), schedule: beginning.schedule };
  refuseSlowPrecision(setup.model, settings);
  const { batchSize } = setup.schedule;
  const stepsPerEpoch = countTrainingBatches(dataset.train.count, batchSize);
  if (stepsPerEpoch === 0) {
    throw new UserError(
      `schedule.batchSize is ${batchSize}, expected at most the ${dataset.train.count} training images`,
    );
  }
  const step = buildTrainingStep(setup);
  requireCheckpoint(step.signature);
  return { ...setup, ...step, settings, seed, dataset, stepsPerEpoch, beginning };
}

/** Matrix products of a batch are too short to make up for the rounding of their operands. */
function refuseSlowPrecision({ parameters }: Model, { model, precision }: TrainingSettings): void {
  const convolves = parameters.some(({ role, shape }) => role === 'kernel' && shape.length === 4);
  if (precision !== 'bfloat16' || convolves) return;
  throw new UserError(
    `precision is bfloat16, in which the network "${model.name}" would be slower, as it has no convolutions; expected float32`,
  );
}
