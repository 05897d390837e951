/** @file Takes the first steps of a training again: equal settings and seeds lead to equal weights. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NamedArrays } from '../arrays.ts';
import type { Engine } from '../engines/types.ts';
import { requireFinite } from './diverged.ts';
import { estimateMemory, requireMemory } from './memory.ts';
import { TrainingProgram } from './program.ts';
import type { Training } from './types.ts';

export interface RepeatOptions {
  readonly engine: Engine;
  /** State in which the training begins, if that is no initial one. */
  readonly state: NamedArrays | undefined;
  /** Steps behind the training when it stops. */
  readonly end: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @yields the number of steps behind the training, after each
 * @returns the state after the last
 * @throws as `train`; nothing is kept of a repetition that is given up
 */
export async function* repeatSteps(
  training: Training,
  { engine, state, end, signal }: RepeatOptions,
): AsyncGenerator<number, NamedArrays, undefined> {
  requireMemory(estimateMemory(training, engine));
  const program = await TrainingProgram.compile(engine, training, state);
  try {
    for await (const { step, loss } of program.steps(training.beginning.firstStep, end)) {
      requireFinite(loss, `the loss at step ${step}`);
      yield step;
      await nextTurn();
      signal?.throwIfAborted();
    }
    return await program.readState();
  } finally {
    program.dispose();
  }
}
