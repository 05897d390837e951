/** @file The training loop: epochs of steps, each ended by an evaluation on the test images and, if there are any, the validation images. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NamedArrays } from '../arrays.ts';
import type { Split } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { continuationOf } from '../methods/continuation.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import { Progress } from '../settings/training-time.ts';
import { isAheadOf } from './ahead/feeds-ahead.ts';
import { countStepsOf } from './beginning.ts';
import { CheckpointTimer } from './checkpoint-timer.ts';
import { requireFinite } from './diverged.ts';
import { type Evaluation, Evaluator } from './evaluator.ts';
import {
  type EpochSeconds,
  type EpochTotals,
  NO_TOTALS,
  type TrainingEvent,
  type TrainingMeans,
  type TrainingPosition,
  type TrainingSnapshot,
} from './events.ts';
import { learningRateAt } from './learning-rate.ts';
import { estimateMemory, requireMemory } from './memory.ts';
import { type TakenStep, TrainingProgram } from './program.ts';
import { requireResumable } from './resumable.ts';
import type { Training } from './types.ts';

export interface TrainOptions {
  readonly engine: Engine;
  /** Where an earlier training stopped; or where it begins, if that is in the network of another run. */
  readonly resume?: TrainingSnapshot | undefined;
  /** Once aborted, the training finishes its step, yields a checkpoint and gives way. */
  readonly signal?: AbortSignal | undefined;
  /** Minutes between two checkpoints, above 0: one within an epoch is yielded when so much has passed since the last. */
  readonly checkpointMinutes?: number | undefined;
}

/**
 * Trains one run to its end and yields what happens. It waits until an event was dealt with, so that what is written of a
 * checkpoint is written before the next step.
 *
 * @throws UserError if the memory cannot hold it, or what is to be resumed is not of this training
 * @throws DivergedError if a loss or the norm of the gradients stops being finite; there is no event of the epoch in which it did
 * @throws the signal's reason if it is aborted before the end
 */
export async function* train(
  training: Training,
  options: TrainOptions,
): AsyncGenerator<TrainingEvent, void, undefined> {
  const { engine, resume } = options;
  const { epoch, step, totals } = resume ?? { epoch: 0, step: 0, totals: NO_TOTALS };
  if (resume === undefined) requireOwnBeginning(training);
  yield { kind: 'started', epoch, step };
  const timer = new CheckpointTimer(options.checkpointMinutes);
  requireMemory(estimateMemory(training, engine));
  if (resume !== undefined) requireResumable(resume, training);
  const program = await TrainingProgram.compile(engine, training, resume?.state, isAheadOf(engine));
  const evaluators: Evaluator[] = [];
  const createEvaluator = async (split: Split) => {
    const evaluator = await Evaluator.create(engine, training.model, split);
    evaluators.push(evaluator);
    return evaluator;
  };
  try {
    const { test, validation } = training.dataset;
    const work: Work = {
      training,
      program,
      test: await createEvaluator(test),
      validation: validation && (await createEvaluator(validation)),
      timer,
      signal: options.signal,
    };
    let position: TrainingPosition = { epoch, step, totals };
    while (position.epoch < training.schedule.epochs) {
      options.signal?.throwIfAborted();
      const taken = yield* takeSteps(work, position);
      position = yield* completeEpoch(work, taken);
    }
  } finally {
    program.dispose();
    for (const evaluator of evaluators) evaluator.dispose();
  }
}

/** A run that goes on from another would train a network of its own if nobody gave it the other's. */
function requireOwnBeginning({ settings }: Training): void {
  if (continuationOf(settings.regularizer) === undefined) return;
  throw new Error('a training that goes on from another was not given where it begins');
}

/** What the epochs of a training share. */
interface Work {
  readonly training: Training;
  readonly program: TrainingProgram;
  readonly test: Evaluator;
  readonly validation: Evaluator | undefined;
  readonly timer: CheckpointTimer;
  readonly signal: AbortSignal | undefined;
}

/** A position within an epoch, and where the time since it began or was resumed went. */
interface TakenSteps extends TrainingPosition {
  readonly seconds: Pick<EpochSeconds, 'steps' | 'feeds'>;
}

/**
 * Takes the batches of an epoch that are left, each once.
 *
 * @returns the position after the last of them, the epoch not yet counted as completed
 */
async function* takeSteps(
  work: Work,
  from: TrainingPosition,
): AsyncGenerator<TrainingEvent, TakenSteps, undefined> {
  const { training, program, timer, signal } = work;
  const { schedule, stepsPerEpoch, beginning } = training;
  const { epoch } = from;
  const end = (epoch + 1) * stepsPerEpoch;
  let position = from;
  const milliseconds = { steps: 0, feeds: 0 };
  for await (const taken of program.steps(from.step, end)) {
    position = advance(position, taken);
    milliseconds.steps += taken.milliseconds - taken.feedMilliseconds;
    milliseconds.feeds += taken.feedMilliseconds;
    const { step, totals } = position;
    const means = meansOf(totals, countStepsOf(position, stepsPerEpoch, beginning), schedule.batchSize);
    yield { kind: 'step', epoch, step, stepsPerEpoch, means };
    // Signals and heartbeats are served between two turns, which engines that compute at once never end.
    await nextTurn();
    // The end of an epoch is a checkpoint anyway.
    if (signal?.aborted || (step < end && timer.isDue())) yield* checkpoint(work, position);
    signal?.throwIfAborted();
  }
  const seconds = { steps: milliseconds.steps / 1000, feeds: milliseconds.feeds / 1000 };
  return { ...position, seconds };
}

/**
 * Evaluates the network after the steps of an epoch.
 *
 * @returns the position at which the next epoch begins
 */
async function* completeEpoch(
  work: Work,
  { epoch, step, totals, seconds }: TakenSteps,
): AsyncGenerator<TrainingEvent, TrainingPosition, undefined> {
  const { training, program, timer, signal } = work;
  const { schedule, stepsPerEpoch, signature } = training;
  const state = await program.readState();
  const began = performance.now();
  let test: Evaluation;
  let validation: Evaluation | undefined;
  try {
    test = await evaluate(work, work.test, state);
    validation = work.validation && (await evaluate(work, work.validation, state));
  } catch (error) {
    if (signal?.aborted) yield* checkpoint(work, { epoch, step, totals });
    throw error;
  }
  const evaluation = (performance.now() - began) / 1000;
  for (const { loss } of [test, ...(validation === undefined ? [] : [validation])])
    requireFinite(loss, `the loss of the evaluation after epoch ${epoch + 1}`);
  const means = meansOf(
    totals,
    countStepsOf({ epoch, step }, stepsPerEpoch, training.beginning),
    schedule.batchSize,
  );
  const learningRate = learningRateAt(schedule, new Progress(step - 1, stepsPerEpoch));
  const next: TrainingPosition = { epoch: epoch + 1, step, totals: NO_TOTALS };
  yield {
    kind: 'epoch',
    ...next,
    stepsPerEpoch,
    means,
    learningRate,
    test,
    ...(validation !== undefined && { validation }),
    seconds: { ...seconds, evaluation },
    state,
    specs: signature.state,
  };
  timer.restart();
  return next;
}

async function* checkpoint(
  { training, program, timer }: Work,
  position: TrainingPosition,
): AsyncGenerator<TrainingEvent, void, undefined> {
  yield {
    kind: 'checkpoint',
    ...position,
    state: await program.readState(),
    specs: training.signature.state,
  };
  timer.restart();
}

function evaluate(
  { training, program, signal }: Work,
  evaluator: Evaluator,
  state: NamedArrays,
): Promise<Evaluation> {
  const { model, regularizer } = training;
  const parameters = evaluationParameters(model, regularizer, state);
  // Methods with an evaluation weight of their own compute it on the host.
  const isState = model.parameters.every(({ name }) => parameters[name] === state[name]);
  return evaluator.evaluate(parameters, signal, isState ? program.program : undefined);
}

function advance({ epoch, totals }: TrainingPosition, taken: TakenStep): TrainingPosition {
  const { step, loss, penalty, correct, gradientNorm } = taken;
  requireFinite(loss + penalty, `the loss at step ${step}`);
  // Graphics cards take NaN for the smaller of two numbers, and so lose it on its way to the loss. The gradients keep it.
  requireFinite(gradientNorm, `the norm of the gradients at step ${step}`);
  return { epoch, step, totals: { loss: totals.loss + loss, correct: totals.correct + correct } };
}

function meansOf(totals: EpochTotals, steps: number, batchSize: number): TrainingMeans {
  return { loss: totals.loss / steps, accuracy: totals.correct / (steps * batchSize) };
}
