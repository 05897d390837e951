/** @file Times training steps and evaluations as a training runs them, feeds included. */

import type { NamedArrays } from '../arrays.ts';
import type { RunSpec } from '../config/experiment.ts';
import type { Dataset, Split } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { median } from '../median.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import type { Model } from '../models/types.ts';
import { isAheadOf } from '../training/ahead/feeds-ahead.ts';
import { Evaluator } from '../training/evaluator.ts';
import { estimateMemory, requireMemory } from '../training/memory.ts';
import { type TakenStep, TrainingProgram } from '../training/program.ts';
import { prepareTraining } from '../training/setup.ts';

/** How often something is repeated to be timed. */
export interface TimingLimits {
  /** Repetitions that go before those that count, at least one. */
  readonly warmup: number;
  /** Repetitions that count, at most. */
  readonly repetitions: number;
  /** After this time no more than is needed for one that counts is begun. */
  readonly seconds?: number;
}

export interface TrainingTimes {
  readonly compileMilliseconds: number;
  /** Those that count, at least one. */
  readonly steps: readonly TakenStep[];
  readonly model: Model;
  /** What an evaluation after these steps is given. */
  readonly parameters: NamedArrays;
}

/**
 * Compiles a training step and takes steps from the start of training.
 *
 * @throws UserError if the model or the batch size does not fit the data set, or the memory cannot hold the training
 */
export async function timeTraining(
  run: Pick<RunSpec, 'settings' | 'seed'>,
  dataset: Dataset,
  engine: Engine,
  limits: TimingLimits,
): Promise<TrainingTimes> {
  const training = await prepareTraining(run, dataset);
  requireMemory(estimateMemory(training, engine));
  const program = await TrainingProgram.compile(engine, training, undefined, isAheadOf(engine));
  try {
    const steps = await takeCounted(program.steps(), limits);
    const { model, regularizer } = training;
    const parameters = evaluationParameters(model, regularizer, await program.readState());
    return { compileMilliseconds: program.compileMilliseconds, steps, model, parameters };
  } finally {
    program.dispose();
  }
}

/** Median milliseconds of a pass over the images of a split. */
export async function timeEvaluation(
  engine: Engine,
  model: Model,
  split: Split,
  parameters: NamedArrays,
  limits: TimingLimits,
): Promise<number> {
  const evaluator = await Evaluator.create(engine, model, split);
  try {
    return median(await takeCounted(timePasses(evaluator, parameters), limits));
  } finally {
    evaluator.dispose();
  }
}

/** Milliseconds of each pass, for as long as somebody asks for the next. */
async function* timePasses(evaluator: Evaluator, parameters: NamedArrays): AsyncGenerator<number> {
  for (;;) {
    const began = performance.now();
    await evaluator.evaluate(parameters);
    yield performance.now() - began;
  }
}

/** @returns what a stream gave once it had warmed up */
async function takeCounted<T>(
  stream: AsyncIterable<T>,
  { warmup, repetitions, seconds = Number.POSITIVE_INFINITY }: TimingLimits,
): Promise<T[]> {
  const end = performance.now() + seconds * 1000;
  const counted: T[] = [];
  let warmed = 0;
  let isWarm = false;
  for await (const value of stream) {
    const isLate = performance.now() >= end;
    if (!isWarm) isWarm = ++warmed >= warmup || isLate;
    else if (counted.push(value) >= repetitions || isLate) break;
  }
  return counted;
}
