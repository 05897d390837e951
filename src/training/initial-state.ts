/** @file The state in which training begins. */
import { type ArrayData, type NamedArrays, sizeOf } from '../arrays.ts';
import { initialize } from '../random/initializers.ts';
import type { Initializer } from '../random/types.ts';
import { extraStateName } from './step-names.ts';
import type { Training } from './types.ts';

/**
 * First values of all state: parameters and extra state from their initializers, each from a stream of its own;
 * optimizer slots zero.
 */
export function initialState({
  model,
  regularizer,
  signature,
  seed,
}: Pick<Training, 'model' | 'regularizer' | 'signature' | 'seed'>): NamedArrays {
  const draw = (name: string, shape: readonly number[], initializer: Initializer): [string, ArrayData] => [
    name,
    initialize(initializer, shape, { seed, purpose: `initial/${name}`, index: 0 }),
  ];
  const parameters = model.parameters.map(({ name, shape, initializer }) => draw(name, shape, initializer));
  const extra = model.prunable.flatMap((spec) =>
    Object.entries(regularizer.extraState?.(spec) ?? {}).map(([name, { shape, initializer }]) =>
      draw(extraStateName(spec.name, name), shape, initializer),
    ),
  );
  const zeros = Object.entries(signature.state).map(([name, { shape }]) => [
    name,
    new Float32Array(sizeOf(shape)),
  ]);
  return Object.fromEntries([...zeros, ...parameters, ...extra]) as NamedArrays;
}
