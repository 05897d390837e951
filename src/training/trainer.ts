/** @file The training loop: epochs of steps, each epoch ended by an evaluation on the test images. */
import type { RunSettings } from '../config/schema.ts';
import { countTrainingBatches, epochOrder } from '../data/batches.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine, NamedArrays, NamedSpecs } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { createModel } from '../models/registry.ts';
import { evaluationParameters } from '../regularizers/host-weights.ts';
import { createRegularizer } from '../regularizers/registry.ts';
import { type Evaluation, Evaluator } from './evaluator.ts';
import { TrainingFeeds } from './feeds.ts';
import { initialState } from './initial-state.ts';
import { learningRateAt } from './learning-rate.ts';
import type { TrainingSetup } from './signature.ts';
import { buildTrainingStep } from './step.ts';

/** Means over the training images of an epoch so far. */
export interface TrainingMeans {
  /** Cross-entropy in nats, before the penalty. */
  readonly loss: number;
  /** 0 to 1 */
  readonly accuracy: number;
}

export interface StepReport {
  /** Epochs completed. */
  readonly epoch: number;
  /** Steps taken, this one included. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly means: TrainingMeans;
}

export interface EpochReport extends StepReport {
  readonly learningRate: number;
  readonly test: Evaluation;
  /** A copy of the program's state after the epoch. */
  readonly state: NamedArrays;
  readonly specs: NamedSpecs;
}

export interface TrainingOptions {
  readonly settings: RunSettings;
  readonly seed: number;
  readonly dataset: Dataset;
  readonly engine: Engine;
  /** Where an earlier training stopped: epochs completed, and the state after them. */
  readonly resume?: { readonly epoch: number; readonly state: NamedArrays } | undefined;
  onStep?(report: StepReport): void;
  onEpoch?(report: EpochReport): void | Promise<void>;
}

/** The training went wrong, not the program: the loss is no longer a number. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

/** @throws UserError if the model does not fit the data set */
export function createSetup({ model, regularizer, schedule }: RunSettings, dataset: Dataset): TrainingSetup {
  return {
    model: createModel(model, dataset.imageShape, dataset.classes),
    regularizer: createRegularizer(regularizer),
    schedule,
  };
}

/**
 * Trains one run to its end.
 *
 * @throws UserError if the data set has fewer images than a batch
 * @throws DivergedError if the loss stops being finite
 */
export async function train(options: TrainingOptions): Promise<void> {
  const { settings, seed, dataset, engine, resume } = options;
  const setup = createSetup(settings, dataset);
  const { batchSize, epochs } = settings.schedule;
  const stepsPerEpoch = countTrainingBatches(dataset.train.count, batchSize);
  if (stepsPerEpoch === 0) {
    throw new UserError(
      `schedule.batchSize is ${batchSize}, expected at most the ${dataset.train.count} training images`,
    );
  }
  const compiled = buildTrainingStep(setup);
  const program = await engine.compile(compiled.step, compiled.signature);
  const evaluator = await Evaluator.create(engine, setup.model, dataset.test);
  try {
    await program.writeState(resume?.state ?? initialState(setup, compiled.signature, seed));
    const feeds = new TrainingFeeds(setup, compiled, dataset.train, stepsPerEpoch, seed);
    for (let epoch = resume?.epoch ?? 0; epoch < epochs; epoch++) {
      const order = epochOrder(seed, epoch, dataset.train.count);
      const sums = { loss: 0, correct: 0 };
      for (let batch = 0; batch < stepsPerEpoch; batch++) {
        const step = epoch * stepsPerEpoch + batch;
        const fetches = await program.run(feeds.fill(step, order, batch * batchSize));
        sums.loss += finiteLoss(fetches, step);
        sums.correct += fetches.correct?.[0] ?? Number.NaN;
        options.onStep?.({
          epoch,
          step: step + 1,
          stepsPerEpoch,
          means: meansOf(sums, batch + 1, batchSize),
        });
      }
      const state = await program.readState();
      const step = (epoch + 1) * stepsPerEpoch;
      await options.onEpoch?.({
        epoch: epoch + 1,
        step,
        stepsPerEpoch,
        means: meansOf(sums, stepsPerEpoch, batchSize),
        learningRate: learningRateAt(settings.schedule, step - 1, stepsPerEpoch),
        test: await evaluator.evaluate(evaluationParameters(setup.model, setup.regularizer, state)),
        state,
        specs: compiled.signature.state,
      });
    }
  } finally {
    program.dispose();
    evaluator.dispose();
  }
}

function meansOf(sums: { loss: number; correct: number }, batches: number, batchSize: number): TrainingMeans {
  return { loss: sums.loss / batches, accuracy: sums.correct / (batches * batchSize) };
}

function finiteLoss(fetches: NamedArrays, step: number): number {
  const loss = fetches.loss?.[0] ?? Number.NaN;
  if (!Number.isFinite(loss + (fetches.penalty?.[0] ?? 0)))
    throw new DivergedError(`the loss is no finite number any more at step ${step + 1}`);
  return loss;
}
