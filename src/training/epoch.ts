/** @file The steps of one epoch, from wherever an earlier session left it. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NamedArrays, NamedSpecs } from '../arrays.ts';
import type { RunSettings } from '../config/schema.ts';
import { epochOrder } from '../data/batches.ts';
import type { Dataset } from '../data/types.ts';
import type { Program } from '../engines/types.ts';
import { DivergedError } from './diverged.ts';
import type { TrainingFeeds } from './feeds.ts';

/** Means over the training images of an epoch so far. */
export interface TrainingMeans {
  /** Cross-entropy in nats, before the penalty. */
  readonly loss: number;
  /** 0 to 1 */
  readonly accuracy: number;
}

/** Sums over the steps of an epoch so far. */
export interface EpochTotals {
  /** Of the steps' mean cross-entropies, in nats. */
  readonly loss: number;
  /** Training images classified correctly. */
  readonly correct: number;
}

/** Where a training stands. Together with the program's state it says all that is to come. */
export interface TrainingPosition {
  /** Epochs completed, their evaluation included. */
  readonly epoch: number;
  /** Steps taken since the start of training. */
  readonly step: number;
  readonly totals: EpochTotals;
}

/** A position with all that is needed to go on from it. */
export interface TrainingSnapshot extends TrainingPosition {
  /** A copy of the program's state. */
  readonly state: NamedArrays;
  readonly specs: NamedSpecs;
}

export interface StepReport {
  /** Epochs completed. */
  readonly epoch: number;
  /** Steps taken, this one included. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly means: TrainingMeans;
}

export const NO_TOTALS: EpochTotals = { loss: 0, correct: 0 };

/** What the steps of all epochs share. */
export interface EpochWork {
  readonly settings: RunSettings;
  readonly seed: number;
  readonly dataset: Dataset;
  readonly program: Program;
  readonly feeds: TrainingFeeds;
  readonly stepsPerEpoch: number;
  readonly signal?: AbortSignal | undefined;
  onStep?(report: StepReport): void;
  /** Asked after each step but the last of an epoch. */
  isCheckpointDue?(): boolean;
  /** Saves the program's state with a position within or at the end of the steps of an epoch. */
  save(position: TrainingPosition): Promise<void>;
}

/**
 * Takes the batches of an epoch that are left, each once. It saves when a checkpoint is due, and before it gives way to an
 * interruption.
 *
 * @returns the position after the last of them, the epoch not yet counted as completed
 * @throws DivergedError if a loss or the norm of the gradients stops being finite
 * @throws the signal's reason once it is aborted
 */
export async function takeSteps(work: EpochWork, from: TrainingPosition): Promise<TrainingPosition> {
  const { program, feeds, seed, dataset, stepsPerEpoch, signal } = work;
  const { batchSize } = work.settings.schedule;
  const { epoch } = from;
  const order = epochOrder(seed, epoch, dataset.train.count);
  let position = from;
  while (position.step < (epoch + 1) * stepsPerEpoch) {
    const batch = position.step - epoch * stepsPerEpoch;
    const fetched = await program.run(feeds.fill(position.step, order, batch * batchSize));
    position = advance(position, fetched);
    const { step, totals } = position;
    work.onStep?.({ epoch, step, stepsPerEpoch, means: meansOf(totals, batch + 1, batchSize) });
    // Signals and heartbeats are served between two turns, which engines that compute at once never end.
    await nextTurn();
    const isLast = batch + 1 === stepsPerEpoch;
    if (signal?.aborted || (!isLast && work.isCheckpointDue?.())) await work.save(position);
    signal?.throwIfAborted();
  }
  return position;
}

function advance({ epoch, step, totals }: TrainingPosition, fetched: NamedArrays): TrainingPosition {
  const [loss, correct] = [scalarOf(fetched.loss), scalarOf(fetched.correct)];
  requireFinite(loss + scalarOf(fetched.penalty), `the loss at step ${step + 1}`);
  // Graphics cards take NaN for the smaller of two numbers, and so lose it on its way to the loss. The gradients keep it.
  requireFinite(scalarOf(fetched.gradientNorm), `the norm of the gradients at step ${step + 1}`);
  return { epoch, step: step + 1, totals: { loss: totals.loss + loss, correct: totals.correct + correct } };
}

export function meansOf(totals: EpochTotals, steps: number, batchSize: number): TrainingMeans {
  return { loss: totals.loss / steps, accuracy: totals.correct / (steps * batchSize) };
}

/**
 * @param what `the loss at step 3`
 * @throws DivergedError if the number is not finite
 */
export function requireFinite(number: number, what: string): void {
  if (Number.isFinite(number)) return;
  throw new DivergedError(
    `${what} is ${number}; a lower schedule.learningRate or a schedule.gradientClip may help`,
  );
}

function scalarOf(fetched: NamedArrays[string] | undefined): number {
  return fetched?.[0] ?? Number.NaN;
}
