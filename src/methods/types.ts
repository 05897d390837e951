/** @file The contract of a regularizer: what makes one variant of an experiment differ from another. */
import type { Scalar, Tensor } from '@tensorflow/tfjs';
import type { PrunableWeight } from '../models/types.ts';
import type { Granularity } from '../pruning/types.ts';
import type { Initializer } from '../random/types.ts';
import type { Progress } from '../settings/training-time.ts';

/** By name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** State that a regularizer adds to a prunable weight: gates, log-variances, switches. */
export interface ExtraState {
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** Trained by gradient, or set by `update`. */
  readonly trainable: boolean;
}

/** Random numbers that a step must be fed for one prunable weight. */
export type Noise = { readonly shape: readonly number[] } & Distribution;

/** `uniform` is on [0, 1), `normal` has mean 0 and variance 1, `bernoulli` is true with a probability that may change. */
export type Distribution =
  | { readonly distribution: 'uniform' }
  | { readonly distribution: 'normal' }
  | { readonly distribution: 'bernoulli'; readonly probability: Probability };

/** 0 to 1; a function of it where it changes while a network is trained. */
export type Probability = number | ((progress: Progress) => number);

/** What a regularizer's functions see of one prunable weight, within a step. */
export interface WeightContext {
  readonly spec: PrunableWeight;
  readonly weight: Tensor;
  readonly state: Tensors;
  readonly noise: Tensors;
  /** The values of `scalars` at this step, as scalar tensors. */
  readonly scalars: Readonly<Record<string, Scalar>>;
  /** What `prepare` returned, constant with respect to gradients. */
  readonly prepared: Tensors;
}

/** One prunable weight as numbers on the host, for evaluation and pruning. */
export interface HostWeight {
  readonly spec: PrunableWeight;
  readonly weight: Float32Array;
  readonly state: Readonly<Record<string, Float32Array>>;
}

/**
 * A method. Every part is optional; a method without parts is plain training.
 * `prepare` runs before gradients are taken, since tfjs has no gradient for logical ops and the paper selects the
 * dropped set first; `effectiveWeight`, `linear` and `penalty` are differentiated. What depends on a
 * layer's input can only be chosen in `linear`, under `withoutGradient` (masks.ts).
 */
export interface Regularizer {
  readonly name: string;
  /** Methods whose penalty already is a prior on the weights train without weight decay. */
  readonly disablesWeightDecay?: boolean;
  /**
   * Whether a training step sets chosen entries to exactly zero, in `effectiveWeight` or in the kernel that `linear`
   * applies. TensorBoard then shows their share.
   */
  readonly dropsCandidates?: boolean;
  /** Extra state of each prunable weight, by name. */
  extraState?(spec: PrunableWeight): Readonly<Record<string, ExtraState>>;
  /** Noise that each step is fed, by name. */
  noise?(spec: PrunableWeight, batchSize: number): Readonly<Record<string, Noise>>;
  /** Numbers that change over training (warm-up, ramps), the same for all weights. */
  scalars?(progress: Progress): Readonly<Record<string, number>>;
  /** Masks and whatever else is chosen without a gradient. `prepared` is empty here. */
  prepare?(context: WeightContext): Tensors;
  /** The weight used in the training forward pass. */
  effectiveWeight?(context: WeightContext): Tensor;
  /**
   * Replaces the whole linear operation in training.
   *
   * @param apply the layer's own linear operation without bias: `apply(x, kernel)`
   */
  linear?(context: WeightContext, x: Tensor, apply: (x: Tensor, kernel: Tensor) => Tensor): Tensor;
  /** Added to the loss, summed over prunable weights. */
  penalty?(context: WeightContext): Scalar;
  /** Added to the loss for each kernel that is exempt from pruning. */
  exemptPenalty?(kernel: Tensor): Scalar;
  /**
   * New values of extra state that is not trainable, from the values before the step.
   *
   * @param gradient of loss and penalty with respect to the weight, of its shape, before weight decay and clipping
   */
  update?(context: WeightContext, gradient: Tensor): Tensors;
  /** The weight used in evaluation, same shape. Default: the weight itself. */
  evaluationWeight?(host: HostWeight): Float32Array;
  /**
   * The weight without the candidates of the end of training, for methods that drop from a share of each weight that does not
   * depend on the layer's input. Same shape.
   */
  withoutCandidates?(host: HostWeight): Float32Array;
  /**
   * Scores by which pruning ranks, lowest pruned first: one per entry (weight) or one per column (unit).
   * Default: magnitude, or column L2 norm.
   */
  importance?(host: HostWeight, granularity: Granularity): Float32Array;
}
