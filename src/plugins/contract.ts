/**
 * @file What the parts of a plugin are made of, the same things that td's own methods, models and data sets are made of.
 *
 * A plugin is a module that exports one or more of the lists `methods`, `models` and `datasets`. It imports what it needs from
 * here, tfjs from `@tensorflow/tfjs`; both are td's own, wherever the plugin lies.
 *
 * @module targeted-dropout/plugin
 */
export { z } from 'zod';
export type { DatasetDefinition } from '../data/definition.ts';
export { defineDataset } from '../data/definition.ts';
export type { FileReport } from '../data/files.ts';
export { type CommonSettings, commonSettings } from '../data/settings.ts';
export type { Dataset, DatasetFacts, ImageShape, Labels, Normalization, Split } from '../data/types.ts';
export { UserError } from '../errors.ts';
export type {
  AnySettings,
  ConstantRate,
  Continuation,
  Label,
  MethodDefinition,
  MethodEvaluations,
  Publication,
  Replay,
} from '../methods/definition.ts';
export { defineMethod } from '../methods/definition.ts';
export {
  applyMask,
  dropCandidates,
  dropNoise,
  findLowest,
  requireScalar,
  requireTensor,
  withoutGradient,
} from '../methods/masks.ts';
export type {
  Distribution,
  ExtraState,
  HostWeight,
  Noise,
  Probability,
  Regularizer,
  Tensors,
  WeightContext,
} from '../methods/types.ts';
export type { PlannedTraining } from '../methods/warnings.ts';
export type { Block } from '../models/blocks.ts';
export { createClassifier } from '../models/classifier.ts';
export type { ModelDefinition, ModelSchema, PublishedNetwork } from '../models/definition.ts';
export { defineModel } from '../models/definition.ts';
export type {
  BatchNormSettings,
  ConvolutionOptions,
  LayerKind,
  Layers,
  Model,
  Parameter,
  PrunableWeight,
} from '../models/types.ts';
export type { Share } from '../pruning/ranking.ts';
export type { Granularity } from '../pruning/types.ts';
export type { Initializer } from '../random/types.ts';
export type { Epochs, Length, Progress, Steps } from '../settings/training-time.ts';
export { count, countTo, granularity, listOf, name, point, positive, rate } from '../settings/values.ts';
