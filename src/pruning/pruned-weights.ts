/** @file A trained network as evaluation sees it: the method's evaluation weights, pruned on copies. */
import type { ArrayData, NamedArrays } from '../engines/types.ts';
import { sizeOf } from '../engines/types.ts';
import { UserError } from '../errors.ts';
import type { Model, PrunableWeight } from '../models/types.ts';
import type { Granularity, HostWeight, Regularizer } from '../regularizers/types.ts';
import { type Accounting, accountFor } from './accounting.ts';
import { columnNorms, magnitudes } from './criteria.ts';
import { pruneWeight } from './prune.ts';

export interface PrunedNetwork {
  /** Every parameter of the model by name; prunable weights are new arrays, the others those of the state. */
  readonly parameters: NamedArrays;
  readonly accounting: Accounting;
}

/**
 * Prunes every prunable weight at the same rate, without retraining (paper, section 5). Each weight is first replaced
 * by the method's evaluation weight; then it is ranked by the method's importance, which sees the trained weight and
 * its extra state, or else by magnitude or column norm of the evaluation weight.
 *
 * @param state trained arrays by parameter name, and the method's extra state by `<weight name>/<extra name>`;
 *   it may hold more, and stays as it is
 * @param rate share to remove, 0 to 1
 * @throws UserError if the state lacks an array of the model or one has the wrong length
 */
export function prunedWeights(
  model: Model,
  regularizer: Regularizer,
  state: NamedArrays,
  granularity: Granularity,
  rate: number,
): PrunedNetwork {
  const parameters = Object.fromEntries(
    model.parameters.map(({ name, shape }) => [name, arrayOf(state, name, shape)]),
  );
  const pruned = new Map(
    model.prunable.map((spec) => [spec.name, pruneOne(hostWeight(spec, regularizer, state))]),
  );
  return {
    parameters: { ...parameters, ...Object.fromEntries(pruned) },
    accounting: accountFor(model, ({ name }) => pruned.get(name) as Float32Array),
  };

  function pruneOne(host: HostWeight): Float32Array {
    const weight = regularizer.evaluationWeight?.(host) ?? host.weight;
    const scores =
      regularizer.importance?.(host, granularity) ?? defaultScores(weight, host.spec, granularity);
    return pruneWeight(weight, host.spec.shape, scores, granularity, rate).weight;
  }
}

function defaultScores(weight: Float32Array, spec: PrunableWeight, granularity: Granularity): Float32Array {
  return granularity === 'unit' ? columnNorms(weight, spec.shape) : magnitudes(weight);
}

function hostWeight(spec: PrunableWeight, regularizer: Regularizer, state: NamedArrays): HostWeight {
  const extra = Object.entries(regularizer.extraState?.(spec) ?? {});
  return {
    spec,
    weight: floatsOf(state, spec.name, spec.shape),
    state: Object.fromEntries(
      extra.map(([name, { shape }]) => [name, floatsOf(state, `${spec.name}/${name}`, shape)]),
    ),
  };
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
