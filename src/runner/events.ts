/** @file What happens while runs are trained, as the events of a stream. */
import type { RunSpec } from '../config/experiment.ts';
import type { Dataset } from '../data/types.ts';
import type { Summary } from '../runs/summary.ts';
import type { RepeatingEvent, TrainingEvent } from '../training/events.ts';

/** Before the training begins, something has to be waited for. */
export interface WaitingEvent {
  readonly kind: 'waiting';
  readonly sentence: string;
}

/** Something is not as it should be, but does not hinder the training. */
export interface WarningEvent {
  readonly kind: 'warning';
  readonly sentence: string;
}

/** A run begins with the network of another. */
export interface BeginningEvent {
  readonly kind: 'beginning';
  readonly sentence: string;
}

/** The last event of a run that is trained. */
export interface TrainedEvent {
  readonly kind: 'trained';
  readonly summary: Summary;
  /** Whether it was trained already. */
  readonly wasDone: boolean;
}

/** The last event of a run that another process trains, or the run that it goes on from. */
export interface BusyEvent {
  readonly kind: 'busy';
  /** In words: `process 4711 on machine since 2025-01-31 12:00:05 UTC`. */
  readonly owner: string;
  /** The run that has to be trained first, if that is what the other process trains: `none seed 0`. */
  readonly parent?: string;
}

/** What happens to one run. */
export type RunEvent =
  | WaitingEvent
  | WarningEvent
  | BeginningEvent
  | RepeatingEvent
  | TrainingEvent
  | TrainedEvent
  | BusyEvent;

/** A run to be trained, one of several. */
export interface Task {
  readonly run: RunSpec;
  readonly dataset: Dataset;
  /** From 1 on. */
  readonly number: number;
}

/** Why the operating system may end this process, and with it all runs to come, when a run is trained. */
export type Risk =
  /** Sessions in a row were cut off before they saved anything, as happens when memory runs out. */
  | { readonly kind: 'cut off'; readonly sessions: number }
  /** Bytes that it is estimated to need; this machine may not have them. */
  | { readonly kind: 'memory'; readonly estimate: number };

/** What happens to the runs of a command. */
export type RunnerEvent =
  | { readonly kind: 'run'; readonly task: Task; readonly event: RunEvent }
  /** The run comes after all others. */
  | { readonly kind: 'postponed'; readonly task: Task; readonly risk: Risk }
  | { readonly kind: 'failed'; readonly task: Task; readonly error: unknown }
  /** The signal was aborted: the training gave way, and so will the stream. */
  | { readonly kind: 'interrupted'; readonly task: Task }
  /** All other runs are done; at least one, which others train, is waited for. */
  | { readonly kind: 'waiting'; readonly tasks: readonly Task[] };
