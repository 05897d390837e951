/** @file A trained network on the host: what regularizers see of it, and what evaluation uses. */
import { type ArrayData, type NamedArrays, sizeOf } from '../arrays.ts';
import { UserError } from '../errors.ts';
import type { Model, PrunableWeight } from '../models/types.ts';
import { scoresOf } from '../pruning/criteria.ts';
import { pruneWeight } from '../pruning/prune.ts';
import type { Granularity } from '../pruning/types.ts';
import type { HostWeight, Regularizer } from './types.ts';

/**
 * The parameters that evaluation uses: each prunable weight replaced by the method's evaluation weight.
 *
 * @param state trained arrays by parameter name, and the method's extra state by `<weight name>/<extra name>`
 * @throws UserError if the state lacks an array of the model or one has the wrong length
 */
export function evaluationParameters(
  model: Model,
  regularizer: Regularizer,
  state: NamedArrays,
): NamedArrays {
  const parameters = Object.fromEntries(
    model.parameters.map(({ name, shape }) => [name, arrayOf(state, name, shape)]),
  );
  const replaced = model.prunable.map((spec) => {
    const host = hostWeight(spec, regularizer, state);
    return [spec.name, regularizer.evaluationWeight?.(host) ?? host.weight];
  });
  return { ...parameters, ...Object.fromEntries(replaced) };
}

/**
 * The state of a network whose candidates are removed: each prunable weight replaced by what the method says, the rest as it is.
 *
 * @throws UserError as `evaluationParameters`
 */
export function removeCandidates(model: Model, regularizer: Regularizer, state: NamedArrays): NamedArrays {
  const replaced = model.prunable.map((spec) => {
    const host = hostWeight(spec, regularizer, state);
    return [spec.name, regularizer.withoutCandidates?.(host) ?? host.weight];
  });
  return { ...state, ...Object.fromEntries(replaced) };
}

/** The weight without the share of lowest magnitude within each column (weight), or of lowest column norm (unit). */
export function removeLowest(
  { spec, weight }: HostWeight,
  granularity: Granularity,
  share: number,
): Float32Array {
  const scores = scoresOf(weight, spec.shape, granularity);
  return pruneWeight(weight, spec.shape, scores, granularity, share).weight;
}

/** One prunable weight with its extra state. */
export function hostWeight(spec: PrunableWeight, regularizer: Regularizer, state: NamedArrays): HostWeight {
  const extra = Object.entries(regularizer.extraState?.(spec) ?? {});
  return {
    spec,
    weight: floatsOf(state, spec.name, spec.shape),
    state: Object.fromEntries(
      extra.map(([name, { shape }]) => [name, floatsOf(state, `${spec.name}/${name}`, shape)]),
    ),
  };
}

/** @throws Error if the weight has no extra state of this name */
export function requireNumbers({ state }: HostWeight, name: string): Float32Array {
  const numbers = state[name];
  if (numbers === undefined) throw new Error(`the regularizer was not given its "${name}"`);
  return numbers;
}

/** The weight with each entry, or each column, multiplied by its factor. */
export function scaleWeight(weight: Float32Array, factors: Float32Array): Float32Array {
  // Columns are the last axis: their factors repeat from row to row.
  return weight.map((value, index) => value * (factors[index % factors.length] ?? Number.NaN));
}

function floatsOf(state: NamedArrays, name: string, shape: readonly number[]): Float32Array {
  const array = arrayOf(state, name, shape);
  if (array instanceof Float32Array) return array;
  throw new UserError(`the trained state holds "${name}" as integers, expected float32`);
}

function arrayOf(state: NamedArrays, name: string, shape: readonly number[]): ArrayData {
  const array = state[name];
  if (array === undefined)
    throw new UserError(`the trained state has no array "${name}", which the model needs`);
  if (array.length === sizeOf(shape)) return array;
  throw new UserError(
    `the trained state holds ${array.length} numbers of "${name}", expected ${sizeOf(shape)} of shape [${shape.join(', ')}]`,
  );
}
