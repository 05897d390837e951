/** @file Names and shapes of what a training step keeps and is fed. */
import type { ArraySpec, NamedArrays } from '../arrays.ts';
import type { Signature } from '../compiler/step.ts';
import type { ScheduleSettings } from '../config/schema.ts';
import type { Noise, Regularizer } from '../methods/types.ts';
import type { Model } from '../models/types.ts';
import { Progress } from '../settings/training-time.ts';
import type { Optimizer } from './optimizers.ts';
import { extraStateName, noiseName, scalarName, slotName } from './step-names.ts';

export interface TrainingSetup {
  readonly model: Model;
  readonly regularizer: Regularizer;
  readonly schedule: ScheduleSettings;
}

const float = (shape: readonly number[]): ArraySpec => ({ shape, dtype: 'float32' });

/** Parameters and extra state that follow a gradient. */
export function trainedNames(model: Model, regularizer: Regularizer): string[] {
  const parameters = model.parameters.filter(({ role }) => role !== 'average').map(({ name }) => name);
  const extra = model.prunable.flatMap((spec) =>
    Object.entries(regularizer.extraState?.(spec) ?? {})
      .filter(([, { trainable }]) => trainable)
      .map(([name]) => extraStateName(spec.name, name)),
  );
  return [...parameters, ...extra];
}

export function noiseFeeds(model: Model, regularizer: Regularizer, batchSize: number): Record<string, Noise> {
  const perWeight = model.prunable.map((spec) =>
    renameKeys(regularizer.noise?.(spec, batchSize) ?? {}, (name) => noiseName(spec.name, name)),
  );
  return Object.assign({}, ...perWeight);
}

export function renameKeys<T>(
  entries: Readonly<Record<string, T>>,
  rename: (name: string) => string,
): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [rename(name), value]));
}

function noiseSpec({ shape, distribution }: Noise): ArraySpec {
  return { shape, dtype: distribution === 'bernoulli' ? 'bool' : 'float32' };
}

export function signatureOf(
  { model, regularizer, schedule }: TrainingSetup,
  trained: readonly string[],
  optimizer: Optimizer,
  noise: Readonly<Record<string, Noise>>,
): Signature {
  const shapes = stateShapes(model, regularizer);
  const slots = trained.flatMap((name) =>
    optimizer.slots.map((slot) => [slotName(name, slot), shapes[name] ?? []] as const),
  );
  const scalars = Object.keys(optimizer.scalars(0)).map((name) => scalarName('optimizer', name));
  const { batchSize } = schedule;
  return {
    state: mapValues({ ...shapes, ...Object.fromEntries(slots) }, float),
    feeds: {
      images: imagesSpec(model, batchSize),
      labels: { shape: [batchSize], dtype: 'int32' },
      learningRate: float([]),
      ...methodFeeds(regularizer, noise),
      ...Object.fromEntries(scalars.map((name) => [name, float([])])),
    },
  };
}

/** What a method must be fed: noise, and the numbers that change over training. */
export function methodFeeds(
  regularizer: Regularizer,
  noise: Readonly<Record<string, Noise>>,
): Record<string, ArraySpec> {
  const scalars = Object.keys(regularizer.scalars?.(new Progress(0, 1)) ?? {});
  return {
    ...mapValues(noise, noiseSpec),
    ...Object.fromEntries(scalars.map((name) => [scalarName('regularizer', name), float([])])),
  };
}

/** All parameters and the regularizer's extra state, by name. */
export function networkState(model: Model, regularizer: Regularizer): Record<string, ArraySpec> {
  return mapValues(stateShapes(model, regularizer), float);
}

/** What of a state a forward pass reads. */
export function pickState(model: Model, regularizer: Regularizer, state: NamedArrays): NamedArrays {
  const names = Object.keys(networkState(model, regularizer));
  return Object.fromEntries(names.map((name) => [name, state[name]])) as NamedArrays;
}

/** A batch of images. */
export function imagesSpec(model: Model, batchSize: number): ArraySpec {
  return float([batchSize, ...model.inputShape]);
}

/** Shapes of all parameters and of the regularizer's extra state, by name. */
function stateShapes(model: Model, regularizer: Regularizer): Record<string, readonly number[]> {
  const parameters = model.parameters.map(({ name, shape }) => [name, shape] as const);
  const extra = model.prunable.flatMap((spec) =>
    Object.entries(regularizer.extraState?.(spec) ?? {}).map(
      ([name, { shape }]) => [extraStateName(spec.name, name), shape] as const,
    ),
  );
  return Object.fromEntries([...parameters, ...extra]);
}

function mapValues<T, U>(entries: Readonly<Record<string, T>>, convert: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, convert(value)]));
}
