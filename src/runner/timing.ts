/** @file Times a training step and an evaluation as they run in earnest, feeds included. */
import type { NamedArrays } from '../arrays.ts';
import type { RunSettings } from '../config/schema.ts';
import { epochOrder } from '../data/batches.ts';
import type { Dataset, Split } from '../data/types.ts';
import type { Engine } from '../engines/types.ts';
import { evaluationParameters } from '../methods/host-weights.ts';
import type { Model } from '../models/types.ts';
import { Evaluator } from '../training/evaluator.ts';
import { TrainingFeeds } from '../training/feeds.ts';
import { initialState } from '../training/initial-state.ts';
import { buildTrainingStep } from '../training/step.ts';
import { planTraining, requireRoom } from '../training/trainer.ts';

/** How often something is repeated to be timed. */
export interface TimingLimits {
  /** Repetitions that go before those that count, at least one. */
  readonly warmup: number;
  /** Repetitions that count, at most. */
  readonly repetitions: number;
  /** After this time no more than is needed for one that counts is begun. */
  readonly seconds?: number;
}

/** Milliseconds of one step. */
export interface StepTime {
  readonly step: number;
  /** Of it, filling batch and noise. */
  readonly feed: number;
}

export interface TrainingTimes {
  readonly compileMilliseconds: number;
  /** At least one. */
  readonly steps: readonly StepTime[];
  readonly model: Model;
  /** What an evaluation after these steps is given. */
  readonly parameters: NamedArrays;
}

/**
 * Compiles a training step and takes steps from the start of training.
 *
 * @throws UserError as `planTraining` and `requireRoom`
 */
export async function timeTraining(
  { settings, seed }: { readonly settings: RunSettings; readonly seed: number },
  dataset: Dataset,
  engine: Engine,
  limits: TimingLimits,
): Promise<TrainingTimes> {
  const { setup, stepsPerEpoch } = await planTraining(settings, dataset);
  await requireRoom(settings, dataset, engine);
  const { batchSize } = settings.schedule;
  const compiled = buildTrainingStep(setup);
  const compiling = performance.now();
  const program = await engine.compile(compiled.step, compiled.signature);
  const compileMilliseconds = performance.now() - compiling;
  try {
    await program.writeState(initialState(setup, compiled.signature, seed));
    const feeds = new TrainingFeeds(setup, compiled, dataset.train, stepsPerEpoch, seed);
    const order = epochOrder(seed, 0, dataset.train.count);
    const steps = await repeat(limits, async (step) => {
      const began = performance.now();
      const filled = feeds.fill(step, order, (step % stepsPerEpoch) * batchSize);
      const feed = performance.now() - began;
      await program.run(filled);
      return { step: performance.now() - began, feed };
    });
    const parameters = evaluationParameters(setup.model, setup.regularizer, await program.readState());
    return { compileMilliseconds, steps, model: setup.model, parameters };
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
    const passes = await repeat(limits, async () => {
      const began = performance.now();
      await evaluator.evaluate(parameters);
      return performance.now() - began;
    });
    return median(passes);
  } finally {
    evaluator.dispose();
  }
}

/** @param numbers at least one */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** @returns what the repetitions that count gave */
async function repeat<T>(
  { warmup, repetitions, seconds = Number.POSITIVE_INFINITY }: TimingLimits,
  once: (repetition: number) => Promise<T>,
): Promise<T[]> {
  const end = performance.now() + seconds * 1000;
  let done = 0;
  do await once(done++);
  while (done < warmup && performance.now() < end);
  const counted: T[] = [];
  do counted.push(await once(done++));
  while (counted.length < repetitions && performance.now() < end);
  return counted;
}
