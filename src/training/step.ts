/** @file The training step: one pure function from state and batch to new state and metrics. */

import * as tf from '@tensorflow/tfjs';
import type { NamedTensors, Signature, StepFunction } from '../compiler/step.ts';
import type { Noise } from '../methods/types.ts';
import { contextBuilder, mapWeights, required, scalarsOf } from './contexts.ts';
import { differentiate, forward } from './differentiate.ts';
import { createOptimizer, type Optimizer } from './optimizers.ts';
import { noiseFeeds, renameKeys, signatureOf, type TrainingSetup, trainedNames } from './signature.ts';
import { extraStateName, slotName } from './step-names.ts';

export interface TrainingStep {
  readonly step: StepFunction;
  readonly signature: Signature;
  readonly optimizer: Optimizer;
  /** Noise that each run of the step must be fed, by feed name. */
  readonly noise: Readonly<Record<string, Noise>>;
}

/**
 * Builds the training step of a model with a regularizer.
 *
 * Feeds: `images` `[batch, height, width, channels]`, `labels` `[batch]`, `learningRate`, the noise and the scalars of
 * regularizer and optimizer. Fetches: `loss` (mean cross-entropy, nats), `penalty`, `correct` (count), `gradientNorm`
 * (before clipping, weight decay included).
 */
export function buildTrainingStep({ model, regularizer, schedule }: TrainingSetup): TrainingStep {
  const optimizer = createOptimizer(schedule.optimizer);
  const noise = noiseFeeds(model, regularizer, schedule.batchSize);
  const trained = trainedNames(model, regularizer);
  const decay = regularizer.disablesWeightDecay ? 0 : schedule.weightDecay;
  const decayed = new Set(
    model.parameters.filter(({ role }) => role === 'kernel' || role === 'bias').map(({ name }) => name),
  );

  const step: StepFunction = (state, feeds) => {
    const context = contextBuilder(regularizer, feeds);
    const prepared = mapWeights(model, (spec) => regularizer.prepare?.(context(spec, state, {})) ?? {});
    const differentiated = differentiate(trained, state, (variables) => {
      const all = { ...state, ...variables };
      const contexts = mapWeights(model, (spec) => context(spec, all, prepared[spec.name] ?? {}));
      return forward({ model, regularizer }, all, feeds, contexts);
    });
    const gradients = trained.map((name) => {
      const gradient = required(differentiated.gradients, name);
      return decay > 0 && decayed.has(name)
        ? tf.add(gradient, tf.mul(required(state, name), decay))
        : gradient;
    });
    const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
    const clipped = clipByNorm(gradients, norm, schedule.gradientClip);
    const updated = trained.map((name, index) =>
      updateParameter(optimizer, name, clipped[index] as tf.Tensor, state, feeds),
    );
    const extra = mapWeights(model, (spec) => {
      const gradient = required(differentiated.gradients, spec.name);
      const values = regularizer.update?.(context(spec, state, prepared[spec.name] ?? {}), gradient) ?? {};
      return renameKeys(values, (name) => extraStateName(spec.name, name));
    });
    return {
      state: Object.assign({}, ...updated, ...Object.values(extra), differentiated.averages),
      fetches: { ...differentiated.metrics, gradientNorm: norm },
    };
  };
  return {
    step,
    signature: signatureOf({ model, regularizer, schedule }, trained, optimizer, noise),
    optimizer,
    noise,
  };
}

function clipByNorm(
  gradients: readonly tf.Tensor[],
  norm: tf.Tensor,
  clip: number | null,
): readonly tf.Tensor[] {
  if (clip === null) return gradients;
  const factor = tf.div(clip, tf.maximum(norm, clip));
  return gradients.map((gradient) => tf.mul(gradient, factor));
}

function updateParameter(
  optimizer: Optimizer,
  name: string,
  gradient: tf.Tensor,
  state: NamedTensors,
  feeds: NamedTensors,
): NamedTensors {
  const slots = Object.fromEntries(
    optimizer.slots.map((slot) => [slot, required(state, slotName(name, slot))]),
  );
  const scalars = scalarsOf(feeds, 'optimizer');
  const learningRate = required(feeds, 'learningRate');
  const result = optimizer.update({
    parameter: required(state, name),
    gradient,
    slots,
    learningRate,
    scalars,
  });
  return { [name]: result.parameter, ...renameKeys(result.slots, (slot) => slotName(name, slot)) };
}
