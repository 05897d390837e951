/** @file The training loop: epochs of steps, each epoch ended by an evaluation on the test images. */
import type { RunSettings } from '../config/schema.ts';
import { countTrainingBatches, epochOrder } from '../data/batches.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine, NamedArrays, NamedSpecs, Program } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { createModel } from '../models/registry.ts';
import { evaluationParameters } from '../regularizers/host-weights.ts';
import { createRegularizer } from '../regularizers/registry.ts';
import { DivergedError } from './diverged.ts';
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
  /** Of the epoch's last step. */
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

/** @throws UserError if the model does not fit the data set */
export function createSetup({ model, regularizer, schedule }: RunSettings, dataset: Dataset): TrainingSetup {
  return {
    model: createModel(model, dataset.imageShape, dataset.classes),
    regularizer: createRegularizer(regularizer),
    schedule,
  };
}

/**
 * What a training will consist of.
 *
 * @throws UserError if the model does not fit the data set, or the data set has fewer images than a batch
 */
export function planTraining(
  settings: RunSettings,
  dataset: Dataset,
): { readonly setup: TrainingSetup; readonly stepsPerEpoch: number } {
  const setup = createSetup(settings, dataset);
  const { batchSize } = settings.schedule;
  const stepsPerEpoch = countTrainingBatches(dataset.train.count, batchSize);
  if (stepsPerEpoch > 0) return { setup, stepsPerEpoch };
  throw new UserError(
    `schedule.batchSize is ${batchSize}, expected at most the ${dataset.train.count} training images`,
  );
}

/**
 * Trains one run to its end.
 *
 * @throws UserError as `planTraining`
 * @throws DivergedError if a loss stops being finite; the epoch in which it did is not reported
 */
export async function train(options: TrainingOptions): Promise<void> {
  const { settings, seed, dataset, engine, resume } = options;
  const { setup, stepsPerEpoch } = planTraining(settings, dataset);
  const compiled = buildTrainingStep(setup);
  const program = await engine.compile(compiled.step, compiled.signature);
  const evaluator = await Evaluator.create(engine, setup.model, dataset.test);
  try {
    await program.writeState(resume?.state ?? initialState(setup, compiled.signature, seed));
    const feeds = new TrainingFeeds(setup, compiled, dataset.train, stepsPerEpoch, seed);
    for (let epoch = resume?.epoch ?? 0; epoch < settings.schedule.epochs; epoch++) {
      const means = await trainEpoch(program, feeds, epoch, stepsPerEpoch, options);
      const state = await program.readState();
      const step = (epoch + 1) * stepsPerEpoch;
      const test = await evaluator.evaluate(evaluationParameters(setup.model, setup.regularizer, state));
      requireFinite(test.loss, `of the evaluation after epoch ${epoch + 1}`);
      await options.onEpoch?.({
        epoch: epoch + 1,
        step,
        stepsPerEpoch,
        means,
        learningRate: learningRateAt(settings.schedule, step - 1, stepsPerEpoch),
        test,
        state,
        specs: compiled.signature.state,
      });
    }
  } finally {
    program.dispose();
    evaluator.dispose();
  }
}

/** Takes every batch of an epoch once. */
async function trainEpoch(
  program: Program,
  feeds: TrainingFeeds,
  epoch: number,
  stepsPerEpoch: number,
  { settings, seed, dataset, onStep }: TrainingOptions,
): Promise<TrainingMeans> {
  const { batchSize } = settings.schedule;
  const order = epochOrder(seed, epoch, dataset.train.count);
  const sums = { loss: 0, correct: 0 };
  let means: TrainingMeans = { loss: 0, accuracy: 0 };
  for (let batch = 0; batch < stepsPerEpoch; batch++) {
    const step = epoch * stepsPerEpoch + batch;
    const { loss, penalty, correct } = await program.run(feeds.fill(step, order, batch * batchSize));
    requireFinite(scalarOf(loss) + scalarOf(penalty), `at step ${step + 1}`);
    sums.loss += scalarOf(loss);
    sums.correct += scalarOf(correct);
    means = { loss: sums.loss / (batch + 1), accuracy: sums.correct / ((batch + 1) * batchSize) };
    onStep?.({ epoch, step: step + 1, stepsPerEpoch, means });
  }
  return means;
}

function scalarOf(fetched: NamedArrays[string] | undefined): number {
  return fetched?.[0] ?? Number.NaN;
}

function requireFinite(loss: number, where: string): void {
  if (Number.isFinite(loss)) return;
  throw new DivergedError(
    `the loss ${where} is ${loss}; a lower schedule.learningRate or a schedule.gradientClip may help`,
  );
}
