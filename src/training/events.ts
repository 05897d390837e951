/** @file What happens in a training, as the events of a stream. */
import type { NamedArrays, NamedSpecs } from '../arrays.ts';
import type { Evaluation } from './evaluator.ts';

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

/** Where the time of an epoch went, in seconds of wall-clock time. Of an epoch that was resumed, only what came after. */
export interface EpochSeconds {
  /** Computing steps whose feeds are ready. */
  readonly steps: number;
  /** Making batches and noise, or waiting for them. */
  readonly feeds: number;
  /** Evaluating the network after the last step. */
  readonly evaluation: number;
}

export const NO_TOTALS: EpochTotals = { loss: 0, correct: 0 };

/** How far a training has come. */
export interface TrainingProgress {
  /** Epochs completed, their evaluation included. */
  readonly epoch: number;
  /** Steps taken since the start of training. */
  readonly step: number;
}

/** Where a training stands. Together with the program's state it says all that is to come. */
export interface TrainingPosition extends TrainingProgress {
  readonly totals: EpochTotals;
}

/** A position with all that is needed to go on from it. */
export interface TrainingSnapshot extends TrainingPosition {
  /** A copy of the program's state. */
  readonly state: NamedArrays;
  readonly specs: NamedSpecs;
}

/** The first event: where the training begins, or goes on. Nothing is compiled yet. */
export interface StartedEvent extends TrainingProgress {
  readonly kind: 'started';
}

/** A step was taken. */
export interface StepEvent extends TrainingProgress {
  readonly kind: 'step';
  readonly stepsPerEpoch: number;
  readonly means: TrainingMeans;
}

/** Within an epoch: a checkpoint was due, or the training is about to give way to an interruption. */
export interface CheckpointEvent extends TrainingSnapshot {
  readonly kind: 'checkpoint';
}

/** An epoch was completed and the network evaluated; the training can go on from here as from a checkpoint. */
export interface EpochEvent extends TrainingSnapshot {
  readonly kind: 'epoch';
  readonly stepsPerEpoch: number;
  readonly means: TrainingMeans;
  /** Of the epoch's last step. */
  readonly learningRate: number;
  readonly test: Evaluation;
  /** On the validation split, if there is one. */
  readonly validation?: Evaluation;
  readonly seconds: EpochSeconds;
}

/** Steps of the run that a run goes on from are taken again, to see the weights that it had. */
export interface RepeatingEvent {
  readonly kind: 'repeating';
  /** Steps behind it, of the number that are to be. */
  readonly step: number;
  readonly end: number;
  /** `none seed 0` */
  readonly of: string;
}

/** What a training tells, one after another. */
export type TrainingEvent = StartedEvent | StepEvent | CheckpointEvent | EpochEvent;
