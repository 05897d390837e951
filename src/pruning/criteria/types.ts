/** @file The contract of a criterion: what ranks the entries or units of trained weights, least important first. */
import type { Granularity } from '../types.ts';

/** How the loss depends on one weight: means over training images, taken where the trained weights are. */
export interface Sensitivity {
  /** ∂L/∂w of the mean loss, of each entry. */
  readonly gradient: Float32Array;
  /** Mean over batches of (w · ∂L/∂w)², L the mean loss of a batch, of each entry. */
  readonly squaredEntries: Float32Array;
  /** Mean over batches of (Σ w · ∂L/∂w)², summed over a column. */
  readonly squaredColumns: Float32Array;
  /** H g: the Hessian of the mean loss times its gradient, of each entry; only where a criterion asks for it. */
  readonly product?: Float32Array;
}

/** A prunable weight as criteria see it. */
export interface RankedWeight {
  readonly name: string;
  /** The last axis is the column: a unit or filter. */
  readonly shape: readonly number[];
  /** As evaluation uses it, before pruning. */
  readonly weight: Float32Array;
  readonly sensitivity?: Sensitivity;
}

/** What is counted: each kernel by itself, or all of the network together. */
export type Budget = 'layer' | 'global';

export interface CriterionDefinition {
  readonly name: string;
  /** For help, with its source. */
  readonly summary: string;
  /** What has to be known of the loss: nothing, its gradients, or products of its Hessian, too. */
  readonly needs: 'weights' | 'gradients' | 'curvature';
  /** Where none is asked for. */
  readonly budget: Budget;
  /**
   * Scores, lowest pruned first: one per entry (weight) or per column (unit).
   *
   * @param seed of the run
   */
  score(weight: RankedWeight, granularity: Granularity, seed: number): Float32Array;
}
