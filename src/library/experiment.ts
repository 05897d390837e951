/**
 * @file What `td run` and `td sweep` do, for programs: nothing is printed and the process is left alone.
 *
 * @module targeted-dropout/experiment
 */
export type { ArrayData, ArraySpec, ElementType, NamedArrays, NamedSpecs } from '../arrays.ts';
export type { Experiment as ExperimentDefinition, RunSpec } from '../config/experiment.ts';
export type { RunSettings } from '../config/schema.ts';
export type { Variant } from '../config/variants.ts';
export type { DeviceName, EngineName } from '../engines/types.ts';
export { UserError } from '../errors.ts';
export type { AskedEvaluation } from '../methods/evaluations.ts';
export { loadPlugins } from '../plugins/load.ts';
export type { Stage, StartStage } from '../progress.ts';
export type { AskedCriterion } from '../pruning/criteria/criterion.ts';
export type { Budget } from '../pruning/criteria/types.ts';
export type { EvaluationKind } from '../pruning/types.ts';
export type {
  BeginningEvent,
  BusyEvent,
  Risk,
  RunEvent,
  RunnerEvent,
  Task,
  TrainedEvent,
  WaitingEvent,
  WarningEvent,
} from '../runner/events.ts';
export type { Summary } from '../runs/summary.ts';
export type { SweepRow } from '../sweeps/rows.ts';
export type { Evaluation } from '../training/evaluator.ts';
export type {
  CheckpointEvent,
  EpochEvent,
  EpochSeconds,
  EpochTotals,
  RepeatingEvent,
  StartedEvent,
  StepEvent,
  TrainingEvent,
  TrainingMeans,
} from '../training/events.ts';
export type { ExecutionChoice } from './engine.ts';
export { Experiment, type ExperimentOptions } from './experiment-class.ts';
export { type SweepOptions, sweep } from './sweep.ts';
export { type TrainOptions, train } from './train.ts';
