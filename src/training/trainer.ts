/** @file The training loop: epochs of steps, each epoch ended by an evaluation on the test images. */
import type { NamedArrays, NamedSpecs } from '../arrays.ts';
import type { RunSettings } from '../config/schema.ts';
import { countTrainingBatches } from '../data/batches.ts';
import type { Dataset } from '../data/types.ts';
import type { Engine, Program } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import { createRegularizer } from '../methods/registry.ts';
import { createModel } from '../models/registry.ts';
import { requireResumable } from '../runner/resumable.ts';
import {
  meansOf,
  NO_TOTALS,
  requireFinite,
  type StepReport,
  type TrainingPosition,
  type TrainingSnapshot,
  takeSteps,
} from './epoch.ts';
import { type Evaluation, Evaluator } from './evaluator.ts';
import { TrainingFeeds } from './feeds.ts';
import { initialState } from './initial-state.ts';
import { learningRateAt } from './learning-rate.ts';
import { estimateMemory, requireCheckpoint, requireMemory } from './memory.ts';
import type { TrainingSetup } from './signature.ts';
import { buildTrainingStep, type TrainingStep } from './step.ts';

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
  /** Where an earlier training stopped. */
  readonly resume?: TrainingSnapshot | undefined;
  /** Once aborted, the training finishes its step, reports a snapshot and gives way. */
  readonly signal?: AbortSignal | undefined;
  onStep?(report: StepReport): void;
  /** Whether a snapshot is wanted; asked after each step but the last of an epoch. */
  isCheckpointDue?(): boolean;
  /** Called where a snapshot was due, and before an interruption; the end of an epoch is reported by `onEpoch`. */
  onSnapshot?(snapshot: TrainingSnapshot): void | Promise<void>;
  onEpoch?(report: EpochReport): void | Promise<void>;
}

/** @throws UserError if the model does not fit the data set */
export async function createSetup(
  { model, regularizer, schedule }: RunSettings,
  dataset: Dataset,
): Promise<TrainingSetup> {
  return {
    model: createModel(model, dataset.imageShape, dataset.classes),
    regularizer: await createRegularizer(regularizer),
    schedule,
  };
}

/**
 * What a training will consist of.
 *
 * @throws UserError if the model does not fit the data set or a checkpoint, or the data set has fewer images than a batch
 */
export async function planTraining(
  settings: RunSettings,
  dataset: Dataset,
): Promise<{ readonly setup: TrainingSetup; readonly stepsPerEpoch: number }> {
  const setup = await createSetup(settings, dataset);
  const { batchSize } = settings.schedule;
  const stepsPerEpoch = countTrainingBatches(dataset.train.count, batchSize);
  if (stepsPerEpoch > 0) {
    requireCheckpoint(buildTrainingStep(setup).signature);
    return { setup, stepsPerEpoch };
  }
  throw new UserError(
    `schedule.batchSize is ${batchSize}, expected at most the ${dataset.train.count} training images`,
  );
}

/** Estimates, which take up to a second, by what they depend on: seeds share them. */
const estimates = new Map<string, number>();

type EngineKind = Pick<Engine, 'name' | 'device'>;

/** Bytes that the training takes at most with an engine; nothing is known of others than the compiled one on the processor. */
export async function estimateTraining(
  settings: RunSettings,
  dataset: Dataset,
  { name, device }: EngineKind,
): Promise<number | undefined> {
  if (name !== 'onnx' || !device.startsWith('CPU')) return undefined;
  const { model, regularizer, schedule } = settings;
  const counts = [dataset.train, dataset.test].map(({ count, images }) => [count, images.buffer.byteLength]);
  const key = JSON.stringify([model, regularizer, schedule, dataset.imageShape, dataset.classes, counts]);
  const estimate = estimates.get(key) ?? estimateMemory(await createSetup(settings, dataset), dataset);
  estimates.set(key, estimate);
  return estimate;
}

/** @throws UserError if the memory cannot hold the training */
export async function requireRoom(
  settings: RunSettings,
  dataset: Dataset,
  engine: EngineKind,
): Promise<void> {
  const estimate = await estimateTraining(settings, dataset, engine);
  if (estimate !== undefined) requireMemory(estimate);
}

/**
 * Trains one run to its end.
 *
 * @throws UserError if the memory cannot hold it, as `planTraining`, or if what is to be resumed is not of this training
 * @throws DivergedError if a loss or the norm of the gradients stops being finite; the epoch in which it did is not reported
 * @throws the signal's reason if it is aborted before the end
 */
export async function train(options: TrainingOptions): Promise<void> {
  const { settings, seed, dataset, engine, resume } = options;
  const { setup, stepsPerEpoch } = await planTraining(settings, dataset);
  await requireRoom(settings, dataset, engine);
  const compiled = buildTrainingStep(setup);
  if (resume !== undefined) requireResumable(resume, compiled.signature.state, stepsPerEpoch);
  const program = await engine.compile(compiled.step, compiled.signature);
  const evaluator = await Evaluator.create(engine, setup.model, dataset.test);
  try {
    await program.writeState(resume?.state ?? initialState(setup, compiled.signature, seed));
    const feeds = new TrainingFeeds(setup, compiled, dataset.train, stepsPerEpoch, seed);
    await takeEpochs(options, { setup, program, evaluator, feeds, stepsPerEpoch, compiled });
  } finally {
    program.dispose();
    evaluator.dispose();
  }
}

interface Compiled {
  readonly setup: TrainingSetup;
  readonly compiled: TrainingStep;
  readonly program: Program;
  readonly evaluator: Evaluator;
  readonly feeds: TrainingFeeds;
  readonly stepsPerEpoch: number;
}

async function takeEpochs(options: TrainingOptions, parts: Compiled): Promise<void> {
  const { setup, program, evaluator, stepsPerEpoch } = parts;
  const { settings, signal } = options;
  const { epochs, batchSize } = settings.schedule;
  const specs = parts.compiled.signature.state;
  const save = async (position: TrainingPosition) => {
    await options.onSnapshot?.({ ...position, state: await program.readState(), specs });
  };
  const work = { ...options, program, feeds: parts.feeds, stepsPerEpoch, save };
  let position: TrainingPosition = options.resume ?? { epoch: 0, step: 0, totals: NO_TOTALS };
  while (position.epoch < epochs) {
    signal?.throwIfAborted();
    position = await takeSteps(work, position);
    const state = await program.readState();
    const parameters = evaluationParameters(setup.model, setup.regularizer, state);
    // Methods with an evaluation weight of their own compute it on the host.
    const isState = setup.model.parameters.every(({ name }) => parameters[name] === state[name]);
    const source = isState ? program : undefined;
    const test = await evaluator.evaluate(parameters, signal, source).catch(async (error: unknown) => {
      if (signal?.aborted) await save(position);
      throw error;
    });
    const { step, totals } = position;
    const epoch = position.epoch + 1;
    requireFinite(test.loss, `the loss of the evaluation after epoch ${epoch}`);
    const means = meansOf(totals, stepsPerEpoch, batchSize);
    const learningRate = learningRateAt(settings.schedule, step - 1, stepsPerEpoch);
    await options.onEpoch?.({ epoch, step, stepsPerEpoch, means, learningRate, test, state, specs });
    position = { epoch, step, totals: NO_TOTALS };
  }
}
