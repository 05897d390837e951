/** @file The differentiated part of a step: forward pass, loss, penalty and their gradients. */

import * as tf from '@tensorflow/tfjs';
import type { NamedTensors } from '../compiler/step.ts';
import { regularizedLayers } from '../methods/layers.ts';
import type { Regularizer, WeightContext } from '../methods/types.ts';
import type { Model } from '../models/types.ts';
import { required } from './contexts.ts';
import { crossEntropy, isCorrect, toOneHot } from './loss.ts';

export interface ForwardResult {
  /** What is minimised, weight decay apart. */
  readonly objective: tf.Scalar;
  readonly metrics: NamedTensors;
  /** New values of moving averages. */
  readonly averages: NamedTensors;
}

/**
 * Loss of a batch in training.
 *
 * @param variables all parameters of the model and extra state of the regularizer
 * @param contexts one for each prunable weight
 */
export function forward(
  { model, regularizer }: { model: Model; regularizer: Regularizer },
  variables: NamedTensors,
  feeds: NamedTensors,
  contexts: Readonly<Record<string, WeightContext>>,
): ForwardResult {
  const layers = regularizedLayers(variables, regularizer, contexts);
  const labels = required(feeds, 'labels');
  const logits = model.forward(required(feeds, 'images'), layers);
  const loss: tf.Scalar = tf.mean(crossEntropy(logits, toOneHot(labels, model.classes)));
  const exempt = model.parameters.filter(
    ({ name, role }) => role === 'kernel' && contexts[name] === undefined,
  );
  const penalties = [
    ...Object.values(contexts).flatMap((context) => regularizer.penalty?.(context) ?? []),
    ...exempt.flatMap(({ name }) => regularizer.exemptPenalty?.(required(variables, name)) ?? []),
  ];
  const penalty: tf.Scalar = penalties.length > 0 ? tf.addN(penalties) : tf.scalar(0);
  return {
    objective: penalties.length > 0 ? tf.add(loss, penalty) : loss,
    metrics: { loss, penalty, correct: tf.sum(isCorrect(logits, labels)) },
    averages: layers.updates,
  };
}

/**
 * Gradients of a function's objective, with what else it computed. tfjs disposes what a differentiated function does
 * not return, so the by-products are kept; whoever runs the step disposes what it returned.
 */
export function differentiate(
  names: readonly string[],
  state: NamedTensors,
  compute: (variables: NamedTensors) => ForwardResult,
): { gradients: NamedTensors; metrics: NamedTensors; averages: NamedTensors } {
  let byProducts: Pick<ForwardResult, 'metrics' | 'averages'> = { metrics: {}, averages: {} };
  const objective = (...values: tf.Tensor[]): tf.Scalar => {
    const variables = Object.fromEntries(names.map((name, index) => [name, values[index] as tf.Tensor]));
    const result = compute(variables);
    byProducts = { metrics: keepAll(result.metrics), averages: keepAll(result.averages) };
    return result.objective;
  };
  const { grads } = tf.valueAndGrads(objective)(names.map((name) => required(state, name)));
  const gradients = Object.fromEntries(names.map((name, index) => [name, grads[index] as tf.Tensor]));
  return { gradients, ...byProducts };
}

function keepAll(tensors: NamedTensors): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.keep(tensor.clone())]));
}
