/**
 * @file Targeted dropout for networks in TensorFlow.js, in Node.js and in browsers: layers, and functions on tensors.
 *
 * Gomez et al., "Learning Sparse Networks Using Targeted Dropout" (arXiv 1905.13678).
 *
 * @module targeted-dropout
 */

export type { Granularity } from '../pruning/types.ts';
export {
  type Drawn,
  type TargetedDropoutOptions,
  type TargetedPruneOptions,
  targetedDropout,
  targetedPrune,
} from './functions.ts';
export {
  TargetedConv2d,
  type TargetedConv2dConfig,
  TargetedDense,
  type TargetedDenseConfig,
  type Targeting,
} from './layers.ts';
export { type Counts, countWeights, pruneModel } from './models.ts';
