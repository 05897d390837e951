/** @file A step as those who build it and those who compile it see it: a pure function of named tensors. */
import type { Tensor } from '@tensorflow/tfjs';
import type { NamedSpecs } from '../arrays.ts';

export type NamedTensors = Readonly<Record<string, Tensor>>;

/** What a step reads: its state, kept by the program between runs, and its feeds, given anew at each run. */
export interface Signature {
  readonly state: NamedSpecs;
  readonly feeds: NamedSpecs;
}

export interface StepResult {
  /** New values of the state that the step changes; entries left out keep their value. Shapes as in the signature. */
  readonly state: NamedTensors;
  /** What the caller wants to see of a run: losses, counts. */
  readonly fetches: NamedTensors;
}

/**
 * A pure function in tfjs ops. It must not read a tensor's values (`dataSync`, `array`) nor draw random numbers, and may
 * `tf.keep` only what it returns: a compiled engine calls it once, with symbols instead of numbers.
 */
export type StepFunction = (state: NamedTensors, feeds: NamedTensors) => StepResult;
