/** @file What a regularizer sees of each prunable weight within a step. */

import type * as tf from '@tensorflow/tfjs';
import type { NamedTensors } from '../compiler/step.ts';
import type { Regularizer, WeightContext } from '../methods/types.ts';
import type { Model, PrunableWeight } from '../models/types.ts';
import { extraStateName, noiseName, scalarName } from './step-names.ts';

/** Makes the context of a weight from variables (state, or what is differentiated) and what `prepare` returned. */
export type ContextBuilder = (
  spec: PrunableWeight,
  variables: NamedTensors,
  prepared: NamedTensors,
) => WeightContext;

export function contextBuilder(regularizer: Regularizer, feeds: NamedTensors): ContextBuilder {
  const scalars = scalarsOf(feeds, 'regularizer');
  return (spec, variables, prepared) => {
    const extra = Object.keys(regularizer.extraState?.(spec) ?? {});
    // The names of the noise do not depend on the batch size.
    const noise = Object.keys(regularizer.noise?.(spec, 1) ?? {});
    return {
      spec,
      weight: required(variables, spec.name),
      state: pick(extra, (name) => required(variables, extraStateName(spec.name, name))),
      noise: pick(noise, (name) => required(feeds, noiseName(spec.name, name))),
      scalars,
      prepared,
    };
  };
}

/** The context of each prunable weight in a pass that is not differentiated, by the weight's name. */
export function preparedContexts(
  model: Model,
  regularizer: Regularizer,
  state: NamedTensors,
  feeds: NamedTensors,
): Record<string, WeightContext> {
  const context = contextBuilder(regularizer, feeds);
  return mapWeights(model, (spec) =>
    context(spec, state, regularizer.prepare?.(context(spec, state, {})) ?? {}),
  );
}

/** The scalars that were fed for the regularizer or the optimizer, by their own names. */
export function scalarsOf(
  feeds: NamedTensors,
  owner: 'regularizer' | 'optimizer',
): Record<string, tf.Scalar> {
  const prefix = scalarName(owner, '');
  const names = Object.keys(feeds).filter((name) => name.startsWith(prefix));
  return Object.fromEntries(
    names.map((name) => [name.slice(prefix.length), required(feeds, name) as tf.Scalar]),
  );
}

/** A value for each prunable weight, by the weight's name. */
export function mapWeights<T>(model: Model, compute: (spec: PrunableWeight) => T): Record<string, T> {
  return Object.fromEntries(model.prunable.map((spec) => [spec.name, compute(spec)]));
}

/** @throws Error if there is no tensor of this name */
export function required(tensors: NamedTensors, name: string): tf.Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`the step was not given "${name}"`);
  return tensor;
}

function pick<T>(names: readonly string[], get: (name: string) => T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, get(name)]));
}
