/** @file What is known of a method without computing anything: its settings, its names, a sentence on it. */
import type { z } from 'zod';
import type { EvaluationKind, Granularity } from '../pruning/types.ts';
import type { Regularizer } from './types.ts';
import type { PlannedTraining } from './warnings.ts';

/** What the settings of every method have. */
export interface AnySettings {
  readonly name: string;
  /** Of what the method drops or penalises. */
  readonly granularity?: Granularity;
  /** gamma, of methods that train for being pruned at one rate: at the end of training, if it rises. Every sweep has it among its rates. */
  readonly targetRate?: number;
}

/** How a method with certain settings is called in tables: `targeted(0.66, 0.75), per entry`. */
export interface Label<Column extends string = string> {
  /** The name of the column; the method's own if absent. */
  readonly column?: Column;
  /** alpha before gamma; a rate or a coefficient where there is one number. */
  readonly numbers?: readonly number[];
  /** What is not the paper's definition, in words. */
  readonly extras?: readonly string[];
}

/** How published numbers are matched with a method's settings where not by equal numbers alone. */
export interface Publication {
  /** The paper tuned the method's numbers to its network, so a column with others may stand beside the published one. */
  readonly isTuned?: boolean;
  /** The paper states no numbers in some of its tables: there they are taken to be those of the run. */
  readonly isUnstated?: boolean;
  /** The paper trained one network for each prune rate, with that rate as the method's number. */
  readonly isTrainedPerRate?: boolean;
}

/** How the networks of a method can be judged. */
export interface MethodEvaluations {
  /** Evaluations that are not the same as `dense`: gamma where there are candidates, stochastic where there is noise. */
  readonly own: readonly EvaluationKind[];
  /** What the authors' code did; `dense` if absent. */
  readonly paper?: EvaluationKind;
}

/** What a run takes over from another run of its experiment, its parent, whose network is pruned first. The two have the same seed, images and network. */
export interface Continuation {
  /** The parent's variant. */
  readonly from: string;
  /** Hash of the parent's settings; absent in experiment files. */
  readonly parent?: string | undefined;
  /** Share of the parent's final network that is removed, as a sweep removes it, and stays removed. */
  readonly pruneRate: number;
  readonly granularity: Granularity;
  /** Whether the schedule is a constant learning rate, or the parent's from some point on. */
  readonly schedule: ConstantRate | Replay;
}

/** Training goes on at one learning rate. */
export interface ConstantRate {
  readonly kind: 'constant';
  /** That of the parent's last step if null. */
  readonly learningRate: number | null;
}

/** The parent's schedule is gone through again, from some point on. */
export interface Replay {
  readonly kind: 'replay';
  /** Where in the parent's training the run takes it up again. */
  readonly to: number | string;
  /** Whether the weights are those that the parent had there, and not its last. */
  readonly rewindsWeights: boolean;
}

/** Written as a method so that definitions of any settings fit into one registry. */
type CreateRegularizer<Settings> = { create(settings: Settings): Regularizer }['create'];

/** A definition that imports no tfjs, so that commands which compute nothing start fast; `load` brings what computes. */
export interface MethodDefinition<
  Name extends string = string,
  Schema extends z.ZodType<AnySettings> = z.ZodType<AnySettings>,
  Column extends string = string,
> {
  /** As in experiment files. */
  readonly name: Name;
  /** Every key beside `name` and `granularity` has a default, which is the paper's definition. */
  readonly settings: Schema;
  /** The names of the method's columns in tables, in their order, and a sentence on each for readers who do not know it. */
  readonly columns: Readonly<Record<Column, string>>;
  /** By default the method's name alone. */
  label?(settings: z.output<Schema>): Label<NoInfer<Column>>;
  readonly published?: Publication;
  /** What these settings ask for that the training is too short for, or that the sweep does not show, in sentences. */
  warnings?(settings: z.output<Schema>, planned: PlannedTraining): readonly string[];
  /** By default networks are judged as they are. */
  evaluations?(settings: z.output<Schema>): MethodEvaluations;
  /** What the run takes over from another run; by default it begins with initial weights of its own. */
  continues?(settings: z.output<Schema>): Continuation;
  /** Loads the function that makes a regularizer from settings. */
  load(): Promise<CreateRegularizer<z.output<Schema>>>;
}

/** Checks a definition while its precise types are kept. */
export function defineMethod<
  const Name extends string,
  Schema extends z.ZodType<AnySettings & { readonly name: Name }>,
  const Column extends string,
>(definition: MethodDefinition<Name, Schema, Column>): MethodDefinition<Name, Schema, Column> {
  return definition;
}
