/** @file Takes the first steps of a training again: equal settings and seeds lead to equal weights. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NamedArrays } from '../arrays.ts';
import type { Engine } from '../engines/types.ts';
import { requireFinite } from './diverged.ts';
import type { RepeatingEvent } from './events.ts';
import { estimateMemory, requireMemory } from './memory.ts';
import { TrainingProgram } from './program.ts';
import type { Training } from './types.ts';

export interface RepeatOptions {
  readonly engine: Engine;
  /** State in which the training begins, if that is no initial one. */
  readonly state: NamedArrays | undefined;
  /** Steps behind the training when it stops. */
  readonly end: number;
  /** Whose training it is: `none seed 0`. */
  readonly of: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @yields before the first step, and after each
 * @returns the state after the last
 * @throws as `train`; nothing is kept of a repetition that is given up
 */
export async function* repeatSteps(
  training: Training,
  { engine, state, end, of, signal }: RepeatOptions,
): AsyncGenerator<RepeatingEvent, NamedArrays, undefined> {
  const { firstStep } = training.beginning;
  yield { kind: 'repeating', step: firstStep, end, of };
  requireMemory(estimateMemory(training, engine));
  const program = await TrainingProgram.compile(engine, training, state);
  try {
    for await (const { step, loss } of program.steps(firstStep, end)) {
      requireFinite(loss, `the loss at step ${step}`);
      yield { kind: 'repeating', step, end, of };
      await nextTurn();
      signal?.throwIfAborted();
    }
    return await program.readState();
  } finally {
    program.dispose();
  }
}
