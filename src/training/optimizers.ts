/** @file Optimizers as pure functions of a parameter, its gradient and their own state. */
import * as tf from '@tensorflow/tfjs';
import type { OptimizerSettings } from '../config/schema.ts';

type Tensors = Readonly<Record<string, tf.Tensor>>;

export interface OptimizerUpdate {
  readonly parameter: tf.Tensor;
  /** New values of all slots, shaped like the parameter. */
  readonly slots: Tensors;
}

/** How parameters follow their gradients. Slots are arrays shaped like the parameter, zero at the start. */
export interface Optimizer {
  readonly slots: readonly string[];
  /** Numbers that depend on the step only, fed as scalars. */
  scalars(step: number): Readonly<Record<string, number>>;
  /** One step; `scalars` holds what the function of that name returned, as tensors. */
  update(input: {
    parameter: tf.Tensor;
    gradient: tf.Tensor;
    slots: Tensors;
    learningRate: tf.Tensor;
    scalars: Tensors;
  }): OptimizerUpdate;
}

/** The optimizer that the settings describe. */
export function createOptimizer(settings: OptimizerSettings): Optimizer {
  switch (settings.name) {
    case 'sgd':
      return sgd;
    case 'momentum':
      return createMomentum(settings.momentum, false);
    case 'nesterov':
      return createMomentum(settings.momentum, true);
    case 'adam':
      return createAdam(settings);
  }
}

const sgd: Optimizer = {
  slots: [],
  scalars: () => ({}),
  update: ({ parameter, gradient, learningRate }) => ({
    parameter: tf.sub(parameter, tf.mul(learningRate, gradient)),
    slots: {},
  }),
};

/**
 * Heavy-ball momentum in TensorFlow's form: v ← momentum · v + g, w ← w − rate · v; Nesterov's form steps by
 * g + momentum · v instead (Sutskever et al., 2013, eq. 3 and 4, with the velocity not scaled by the rate).
 */
function createMomentum(momentum: number, nesterov: boolean): Optimizer {
  return {
    slots: ['velocity'],
    scalars: () => ({}),
    update({ parameter, gradient, slots, learningRate }) {
      const velocity = tf.add(tf.mul(slot(slots, 'velocity'), momentum), gradient);
      const direction = nesterov ? tf.add(gradient, tf.mul(velocity, momentum)) : velocity;
      return { parameter: tf.sub(parameter, tf.mul(learningRate, direction)), slots: { velocity } };
    },
  };
}

/** Adam (Kingma & Ba, 2015, algorithm 1). The bias corrections depend on the step alone and are fed. */
function createAdam({ beta1, beta2, epsilon }: { beta1: number; beta2: number; epsilon: number }): Optimizer {
  return {
    slots: ['mean', 'variance'],
    scalars: (step) => ({
      meanCorrection: 1 / (1 - beta1 ** (step + 1)),
      varianceCorrection: 1 / (1 - beta2 ** (step + 1)),
    }),
    update({ parameter, gradient, slots, learningRate, scalars }) {
      const mean = tf.add(tf.mul(slot(slots, 'mean'), beta1), tf.mul(gradient, 1 - beta1));
      const variance = tf.add(tf.mul(slot(slots, 'variance'), beta2), tf.mul(tf.square(gradient), 1 - beta2));
      const correctedMean = tf.mul(mean, slot(scalars, 'meanCorrection'));
      const correctedVariance = tf.mul(variance, slot(scalars, 'varianceCorrection'));
      const direction = tf.div(correctedMean, tf.add(tf.sqrt(correctedVariance), epsilon));
      return { parameter: tf.sub(parameter, tf.mul(learningRate, direction)), slots: { mean, variance } };
    },
  };
}

function slot(tensors: Tensors, name: string): tf.Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`the optimizer was not given "${name}"`);
  return tensor;
}
